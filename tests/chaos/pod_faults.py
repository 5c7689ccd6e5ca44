"""Faults of one server on Kubernetes. Each ends by itself. They need root on the machine of the pods."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.waiting import eventually
from tests.e2e_k8s.stack import PodCluster

ALL = ("kill", "delete", "pause", "cut off")


def any_of(kinds: Sequence[str], stack: PodCluster, chance: random.Random) -> None:
    """One fault of one server, until it ends."""
    name = chance.choice(sorted(stack.pods("server")))
    match chance.choice(kinds):
        case "kill":
            os.kill(agent(name), signal.SIGKILL)
        case "delete":
            before = stack.uids()[name]
            stack.kubectl("delete", "pod", name, "--namespace", stack.name, "--wait=false")
            eventually("another pod", stack.uids, lambda now: now.get(name, before) != before, 120)
        case "pause":
            process = agent(name)
            os.kill(process, signal.SIGSTOP)
            time.sleep(chance.uniform(0.5, 3))
            os.kill(process, signal.SIGCONT)
        case _:
            with cut_off(stack, [name]):
                time.sleep(chance.uniform(2, 8))


def agent(pod: str) -> int:
    """The process of a pod's agent on this machine, when it runs."""
    return eventually(f"the agent of {pod}", lambda: _agents(pod), bool, 60)[0]


def _agents(pod: str) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[1:2] == [b"agent"] and f"HOSTNAME={pod}".encode() in (process / "environ").read_bytes().split(
                b"\0"
            ):
                found.append(int(process.name))
        except OSError:
            continue
    return found


@contextmanager
def cut_off(stack: PodCluster, names: Sequence[str]) -> Iterator[None]:
    """Servers that reach no other server while the block runs. This machine still reaches each of them."""
    hosts = stack.pods("server")
    with ExitStack() as after:
        for name in names:
            process = agent(name)
            for other in hosts.keys() - {name}:
                for chain, side in (("INPUT", "--source"), ("OUTPUT", "--destination")):
                    rule = [chain, side, hosts[other], "--jump", "DROP"]
                    _iptables(process, "--insert", *rule)
                    after.callback(_iptables, process, "--delete", *rule)
        yield


def _iptables(process: int, *words: str) -> None:
    """A rule in the network of a pod. A pod that is gone took its network along."""
    command = ["nsenter", f"--net=/proc/{process}/ns/net", "iptables", "--wait", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not Path(f"/proc/{process}").exists(), done.stderr

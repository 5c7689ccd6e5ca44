"""Faults of one server on Docker. Each ends by itself."""

import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.chaos import scenarios
from tests.e2e import engine
from tests.e2e.cluster import Cluster

ALL = ("kill", "restart", "pause", "cut off")


def any_of(kinds: Sequence[str], cluster: Cluster, chance: random.Random) -> None:
    """One fault of one server, until it ends."""
    name = chance.choice(cluster.outputs["servers"])
    match chance.choice(kinds):
        case "kill":
            scenarios.kill(name)
        case "restart":
            engine.docker("restart", name)
        case "pause":
            # On a busy machine the kernel sometimes refuses to freeze a container.
            if subprocess.run(["docker", "pause", name], capture_output=True, check=False).returncode == 0:
                time.sleep(chance.uniform(0.5, 3))
                engine.docker("unpause", name)
        case _:
            with cut_off(cluster, [name]):
                time.sleep(chance.uniform(2, 8))


@contextmanager
def cut_off(cluster: Cluster, names: Sequence[str]) -> Iterator[None]:
    """Servers without a network while the block runs, each alone."""
    with ExitStack() as after:
        for name in names:
            (network, settings) = next(iter(engine.inspect("container", name)["NetworkSettings"]["Networks"].items()))
            engine.docker("network", "disconnect", network, name)
            after.callback(_connect, name, network, settings)
        yield


def _connect(name: str, network: str, settings: dict[str, Any]) -> None:
    address = settings["IPAMConfig"]["IPv4Address"]
    aliases = [word for alias in settings["Aliases"] or [] for word in ("--alias", alias)]
    engine.docker("network", "connect", "--ip", address, *aliases, network, name)

"""Bring back a Docker cluster that lost its quorum for good: `python -m consul_on_pulumi.cli.recover STACK`.

The servers that still hold data are told that they alone are the cluster (`raft/peers.json`); the next `pulumi up`
adds the others like new ones. What only the lost servers had acknowledged together is gone. To be run before that `up`:
a new server at the address of a lost one would be taken for it, and vote for anybody.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.cli.docker import docker
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import naming, recovery, rollout
from consul_on_pulumi.model.topology import quorum

ELECTION = 15.0
"""Seconds without a leader until a quorum counts as lost."""
TIMEOUT = 90.0
"""Seconds for the recovered servers to elect a leader."""


def recover(names: list[str], addresses: list[str]) -> str:
    """Recover the cluster of these servers and say what was done. Ends the program where there is nothing to do."""
    servers = Servers(names, addresses)
    if servers.until(rollout.serves, ELECTION):
        sys.exit("the cluster has a leader, so there is nothing to recover")
    seen = servers.look().status
    chosen = recovery.survivors(seen)
    if asleep := [name for name in names if name not in seen and _holds_data(name)]:
        sys.exit(f"{', '.join(asleep)} may hold newer data but does not answer: start it first, then try again")
    if not chosen:
        sys.exit("no server holds data: there is nothing to recover, restore a snapshot into a new cluster")
    if len(chosen) >= quorum(len(names)):
        sys.exit(f"{', '.join(chosen)} are a majority and should elect a leader by themselves: see their logs")
    _tell(chosen, recovery.peers(seen, chosen))
    if not servers.until(rollout.serves, TIMEOUT):
        sys.exit(f"{', '.join(chosen)} elected no leader within {TIMEOUT:.0f} s: see their logs")
    return f"recovered from {', '.join(chosen)}: `pulumi refresh` and `pulumi up` now add the other servers as new ones"


def _tell(chosen: list[str], peers: recovery.Peers) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "peers.json"
        file.write_text(json.dumps(peers))
        file.chmod(0o644)
        for name in chosen:
            _docker("stop", name)
        for name in chosen:
            _docker("cp", str(file), f"{name}:/consul/data/raft/peers.json")
        for name in chosen:
            _docker("start", name)


def _holds_data(name: str) -> bool:
    """Whether the data volume of a server that does not answer is still there."""
    known = docker("volume", "inspect", naming.volume_of(name))
    if known.returncode and "no such volume" not in known.stderr.lower():
        sys.exit(f"whether the volume of {name} is still there cannot be told: {known.stderr.strip()}")
    return known.returncode == 0


def refuse(names: list[str], addresses: list[str], stack: str) -> NoReturn:
    """Say what to do instead where the servers are pods. Ends the program."""
    if Servers(names, addresses).until(rollout.serves, ELECTION):
        sys.exit("the cluster has a leader, so there is nothing to recover")
    sys.exit(
        "a lost quorum is not recovered on Kubernetes: bring the missing pods back where their claims hold data, else "
        f"restore a snapshot into a new cluster (`make destroy`, `make up`, `make restore`, each with STACK={stack})"
    )


def _docker(*words: str) -> None:
    done = docker(*words)
    if done.returncode:
        sys.exit(f"docker {' '.join(words)} failed: {done.stderr.strip()}")


def main(stack: str) -> None:
    """Recover the cluster of one stack."""
    names, addresses = stacks.outputs(stack)["servers"], stacks.consul_access(stack)
    stacks.authorize(stack)
    if stacks.kubernetes_review(stack):
        refuse(names, addresses, stack)
    print(recover(names, addresses))


if __name__ == "__main__":
    main(*sys.argv[1:])

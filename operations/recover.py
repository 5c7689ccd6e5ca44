"""Bring back a Docker cluster that lost its quorum for good: `python -m operations.recover STACK`.

The servers that still hold data are told that they alone are the cluster (`raft/peers.json`); the next `pulumi up`
adds the others like new ones. What only the lost servers had acknowledged together is gone. To be run before that `up`:
a new server at the address of a lost one would be taken for it, and vote for anybody.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from components.desired import naming, recovery, rollout
from components.desired.topology import quorum
from components.live.servers import Servers
from operations import stack as stacks

ELECTION = 15.0
"""Seconds without a leader until a quorum counts as lost."""
PATIENCE = 90.0
"""Seconds for the recovered servers to elect a leader."""


def recover(names: list[str], addresses: list[str]) -> str:
    """Recover the cluster of these servers and say what was done. Ends the program where there is nothing to do."""
    servers = Servers(names, addresses)
    if servers.until(rollout.serves, ELECTION):
        sys.exit("the cluster has a leader, so there is nothing to recover")
    seen = servers.look().seen
    chosen = recovery.survivors(seen)
    if asleep := [name for name in names if name not in seen and _holds_data(name)]:
        sys.exit(f"{', '.join(asleep)} may hold newer data but does not answer: start it first, then try again")
    if not chosen:
        sys.exit("no server holds data: there is nothing to recover, restore a snapshot into a new cluster")
    if len(chosen) >= quorum(len(names)):
        sys.exit(f"{', '.join(chosen)} are a majority and should elect a leader by themselves: see their logs")
    _tell(chosen, recovery.peers(seen, chosen))
    if not servers.until(rollout.serves, PATIENCE):
        sys.exit(f"{', '.join(chosen)} elected no leader within {PATIENCE:.0f} s: see their logs")
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
    known = subprocess.run(["docker", "volume", "inspect", naming.volume_of(name)], capture_output=True, check=False)
    return known.returncode == 0


def _docker(*words: str) -> None:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"docker {' '.join(words)} failed: {done.stderr.strip()}")


def main(stack: str) -> None:
    """Recover the cluster of one stack."""
    found = stacks.outputs(stack)
    print(recover(found["servers"], found["http_addresses"][: len(found["servers"])]))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The data volume of a server on Docker becomes full under load. It needs root on the machine of the engine."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.chaos import scenarios
from tests.chaos.load import Write
from tests.chaos.record import Outcome
from tests.e2e import consul, engine
from tests.e2e.cluster import Cluster
from tests.e2e.waiting import eventually

SIZE = 160
"""MiB of the volume: Consul's log takes 64 MiB at once."""
LARGE, COUNT = "x" * 400_000, 250
"""A value, and how many of them are more than the log has room for."""
NAMED = "its volume is full"


class SmallVolume:
    """The data volume of a server, with a file that fills it."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take all space that is left."""
        space = os.statvfs(self._filler.parent)
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_bsize)

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small(server: str) -> Iterator[SmallVolume]:
    """The server's volume with its data on a small disk while the block runs; the server restarts once."""
    folder = Path(engine.inspect("volume", f"{server}-data")["Mountpoint"])
    engine.docker("stop", server)
    saved = folder.with_name("saved")
    subprocess.run(["cp", "-a", folder, saved], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", folder], check=True)
    try:
        subprocess.run(["cp", "-a", f"{saved}/.", folder], check=True)
        engine.docker("start", server)
        yield SmallVolume(folder)
    finally:
        engine.docker("rm", "--force", server)
        subprocess.run(["umount", folder], check=True)


def outcome(cluster: Cluster) -> Outcome:
    """The leader's volume is full: another one leads, a preview and `up` name it, and with space it has all again."""
    name = cluster.outputs["servers"][1]
    with small(name) as volume:
        cluster.whole(within=120)
        if (leader := cluster.container(cluster.leader())) != name:
            path = f"/v1/operator/raft/transfer-leader?id={cluster.node_ids()[name]}"
            consul.call(cluster.servers[cluster.outputs["servers"].index(leader)], path, "POST")
        eventually(f"{name} leads", lambda: cluster.container(cluster.leader()), lambda leader: leader == name)
        volume.fill()
        with scenarios.written_to(cluster, "full") as report:
            for number in range(COUNT):
                consul.write(cluster.servers[number % 3], f"large/{number % 4}", LARGE)
        cluster.preview()
        shown = cluster.changed()
        refused = NAMED in cluster.refused("up")
        volume.free()
        cluster.up()
        cluster.whole(within=120)
        lost = len(scenarios.lost(cluster, report))
        base = cluster.servers[cluster.outputs["servers"].index(name)]
        eventually(
            "all entries", partial(consul.ask, base, "/v1/kv/full/?keys&stale"), partial(_all, report.acknowledged)
        )
    text = f"{report}, {lost} lost, a preview shows {shown}, `up` names it: {refused}, has all entries again"
    return text, lost == 0 and ("update", "consul-server-1-health") in shown and refused


def _all(acknowledged: list[Write], keys: list[str]) -> bool:
    return {write.key for write in acknowledged} <= set(keys)

"""The cluster of plain processes: started, repaired, ended."""

import os
import shutil
import time
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from toolchain import locks, places, progress
from toolchain.errors import SetupError
from toolchain.kubernetes import (
    cgroups,
    controllers,
    dns,
    images,
    layout,
    network,
    node_group,
    programs,
    readiness,
    storage,
)
from toolchain.kubernetes.isolation import Group
from toolchain.kubernetes.layout import Node


def up(nodes: int) -> None:
    """Starts what does not run, and waits until pods can run and names resolve; never removes a node."""
    with alone():
        start(nodes)


def alone() -> AbstractContextManager[None]:
    """One start or end at a time."""
    return locks.held(places.state() / "kubernetes.lock", "The cluster is being started or ended; waiting for that.")


def start(nodes: int) -> None:
    """What ``up`` does, alone."""
    if os.geteuid() != 0:
        raise SetupError("a cluster of plain processes needs root; use kind or another cluster, or run it as root.")
    programs.kubernetes("kubectl", *programs.CONTROL_PLANE, *programs.NODE)
    started, now = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    layout.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    network.up()
    server = layout.api_server()
    server.prepare()
    control = control_plane()
    changed = not control.current()
    if changed:
        control.stop()
        control.start()
        progress.say("  ..  starting Kubernetes (usually 20 s)")
    api, groups, since = server.api(), [control], {}
    for node in sorted({*map(Node, range(1, nodes + 1)), *layout.nodes()}, key=lambda node: node.number):
        group, news = node_group.start(node, server)
        groups.append(group)
        since[node.name] = now if news else ""
        changed = changed or news
    readiness.await_all("the API server", api.ready, groups)
    # Also where all runs already: the start before this one may have been interrupted.
    for path, manifest in {**dns.manifests(), **storage.manifests()}.items():
        readiness.await_all(path, partial(api.applied, path, manifest), groups)
    readiness.await_all("the cluster's DNS", readiness.dns_server, groups)
    for group in groups[1:]:
        readiness.await_all(f"containerd of {group.folder.name}", partial(images.answers, group), groups)
        images.bring(group)
        readiness.await_all(
            group.folder.name, partial(readiness.node, api, group.folder.name, since[group.folder.name]), groups
        )
    # Without it the first pod would be refused.
    readiness.await_all(
        "a service account", partial(api.get, "/api/v1/namespaces/default/serviceaccounts/default"), groups
    )
    if changed:
        progress.say(f"      it took {time.monotonic() - started:.1f} s")


def control_plane() -> Group:
    """Everything that is not on a node."""
    server = layout.api_server()
    return Group(
        folder=layout.folder() / "control-plane",
        programs={
            **server.commands(),
            "kube-controller-manager": controllers.controller_manager(server),
            "kube-scheduler": controllers.scheduler(server),
            "coredns": dns.command(server),
            "volume-provisioner": storage.command(server),
        },
        inputs=[layout.corefile()],
    )


def running() -> bool:
    """Whether its API server answers."""
    there = (layout.folder() / "control-plane").exists() and Path(f"/sys/class/net/{layout.BRIDGE}").exists()
    return there and layout.api_server().api().ready()


def down(*, keep: bool) -> bool:
    """Ends all that was started, whole or half; says whether there was anything. ``keep`` keeps the data."""
    with alone():
        return end(keep=keep)


def end(*, keep: bool) -> bool:
    """What ``down`` does, alone."""
    there = layout.folder().exists() or Path(f"/sys/class/net/{layout.BRIDGE}").exists()
    if not there:
        return False
    if os.geteuid() != 0:
        raise SetupError("the cluster was started by root and only root can end it; run it again as root.")
    # All that there could be: their folders may have been removed under them.
    for node in map(Node, range(1, layout.MOST_NODES + 1)):
        Group(node.folder).stop()
    Group(layout.folder() / "control-plane").stop()
    network.down()
    cgroups.remove(layout.NAME)
    if not keep:
        refuse_mounts(layout.folder())
        shutil.rmtree(layout.folder(), ignore_errors=False)
    return True


def refuse_mounts(folder: Path) -> None:
    """Stops where something is mounted below a folder that is about to be removed."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        where = line.split()[1]
        if Path(where).is_relative_to(folder):
            raise SetupError(f"{where} is mounted; unmount it and run it again.")

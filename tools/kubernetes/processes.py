"""The cluster of plain processes: started, repaired, ended."""

import os
import shutil
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools import progress
from tools.builds import cache
from tools.found import SetupError
from tools.kubernetes import cgroups, images, layout, network, node_group, programs
from tools.kubernetes.control_plane import addons, controllers
from tools.kubernetes.control_plane.api import Api, wait
from tools.kubernetes.isolation import Group
from tools.kubernetes.layout import Node

WITHIN = 90.0


ALONE = cache.lock("kubernetes-cluster", "Another process starts or ends the cluster; waiting for it.")


@ALONE
def up(nodes: int) -> None:
    """Starts what does not run, and waits until pods can start and names resolve. No node is removed."""
    if os.geteuid() != 0:
        raise SetupError("a cluster of plain processes needs root; use kind or another cluster, or run it as root.")
    programs.everything()
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
    await_all("the API server", api.ready, groups)
    # Always, because an earlier start may have been interrupted before this.
    await_all("the manifests", addons.applied, groups)
    await_all("the cluster's DNS", dns_is_ready, groups)
    for group in groups[1:]:
        await_all(f"containerd of {group.folder.name}", partial(images.answers, group), groups)
        images.bring(group)
        await_all(group.folder.name, partial(node_is_ready, api, group.folder.name, since[group.folder.name]), groups)
    # Without it the API server refuses the first pod.
    await_all("a service account", partial(api.get, "/api/v1/namespaces/default/serviceaccounts/default"), groups)
    if changed:
        progress.say(f"      it took {time.monotonic() - started:.1f} s")


def control_plane() -> Group:
    """The processes that do not run on a node."""
    server = layout.api_server()
    return Group(
        folder=layout.folder() / "control-plane",
        programs={
            **server.commands(),
            "kube-controller-manager": controllers.controller_manager(server),
            "kube-scheduler": controllers.scheduler(server),
            "coredns": addons.coredns(server),
            "volume-provisioner": addons.provisioner(server),
        },
        inputs=[addons.corefile()],
    )


def running() -> bool:
    """Whether its API server answers."""
    there = (layout.folder() / "control-plane").exists() and Path(f"/sys/class/net/{layout.BRIDGE}").exists()
    return there and layout.api_server().api().ready()


@ALONE
def down(*, keep: bool) -> bool:
    """Ends a cluster, also one that started only in part. Returns whether there was one; ``keep`` keeps the data."""
    there = layout.folder().exists() or Path(f"/sys/class/net/{layout.BRIDGE}").exists()
    if not there:
        return False
    if os.geteuid() != 0:
        raise SetupError("the cluster was started by root and only root can end it; run it again as root.")
    # All possible nodes, because somebody may have removed the folder of a running one.
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
    """Stops if something is mounted below a folder that will be removed."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        where = line.split()[1]
        if Path(where).is_relative_to(folder):
            raise SetupError(f"{where} is mounted; unmount it and run it again.")


def await_all(what: str, holds: Callable[[], object], groups: list[Group]) -> None:
    """Waits until ``holds`` is true, as long as every supervisor runs."""

    def ended() -> str | None:
        dead = [group for group in groups if group.outer() is None]
        return f"its supervisor ended, see {dead[0].logs / 'supervisor.log'}" if dead else None

    wait(f"waiting for {what}", holds, WITHIN, f"see the logs in {layout.folder()}", ended)


def node_is_ready(api: Api, name: str, since: str) -> bool:
    """Whether a node was Ready at that time or later, like ``2026-01-31T12:00:00Z``. Older reports may be outdated."""
    found = api.get(f"/api/v1/nodes/{name}") or {}
    conditions = found.get("status", {}).get("conditions", [])
    return any(
        one["type"] == "Ready" and one["status"] == "True" and one["lastHeartbeatTime"] >= since for one in conditions
    )


def dns_is_ready() -> bool:
    """Whether CoreDNS has read all services."""
    try:
        with urllib.request.urlopen(f"http://{layout.HOST}:{addons.READY_PORT}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

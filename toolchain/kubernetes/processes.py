"""The cluster of plain processes: started, repaired, ended."""

import os
import shutil
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from toolchain import progress
from toolchain.errors import SetupError
from toolchain.kubernetes import cgroups, controllers, dns, images, layout, network, node_group, programs, storage
from toolchain.kubernetes.api import Api, wait
from toolchain.kubernetes.isolation import Group
from toolchain.kubernetes.layout import Node

WITHIN = 90.0


def up(nodes: int) -> None:
    """Starts what does not run, and waits until pods can run and names resolve; never removes a node."""
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
    await_all("the API server", api.ready, groups)
    if changed:
        for path, manifest in {**dns.manifests(), **storage.manifests()}.items():
            await_all(path, partial(api.applied, path, manifest), groups)
    for group in groups[1:]:
        await_all(f"containerd of {group.folder.name}", partial(images.answers, group), groups)
        images.bring(group)
        await_all(group.folder.name, partial(ready, api, group.folder.name, since[group.folder.name]), groups)
    await_all("the cluster's DNS", dns_ready, groups)
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


def await_all(what: str, holds: Callable[[], object], groups: list[Group]) -> None:
    """Waits for something as long as every supervisor lives."""

    def ended() -> str | None:
        dead = [group for group in groups if group.outer() is None]
        return f"its supervisor ended, see {dead[0].logs / 'supervisor.log'}" if dead else None

    wait(f"waiting for {what}", holds, WITHIN, f"see the logs in {layout.folder()}", ended)


def ready(api: Api, name: str, since: str) -> bool:
    """Whether a node said so at that time or later, like ``2026-01-31T12:00:00Z``; before, it may have been another."""
    node = api.get(f"/api/v1/nodes/{name}") or {}
    conditions = node.get("status", {}).get("conditions", [])
    return any(
        one["type"] == "Ready" and one["status"] == "True" and one["lastHeartbeatTime"] >= since for one in conditions
    )


def dns_ready() -> bool:
    """Whether CoreDNS has seen all services."""
    try:
        with urllib.request.urlopen(f"http://{layout.HOST}:{dns.READY_PORT}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def running() -> bool:
    """Whether its API server answers."""
    there = (layout.folder() / "control-plane").exists() and Path(f"/sys/class/net/{layout.BRIDGE}").exists()
    return there and layout.api_server().api().ready()


def down(*, keep: bool) -> bool:
    """Ends all that was started, whole or half; says whether there was anything. ``keep`` keeps the data."""
    there = layout.folder().exists() or Path(f"/sys/class/net/{layout.BRIDGE}").exists()
    if not there:
        return False
    if os.geteuid() != 0:
        raise SetupError("the cluster was started by root and only root can end it; run it again as root.")
    for folder in (*(node.folder for node in layout.nodes()), layout.folder() / "control-plane"):
        Group(folder).stop()
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

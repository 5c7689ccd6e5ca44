"""Chooses the cluster: the user's own if it answers, else one of kind, else one of plain processes."""

from pathlib import Path

from tools import places, progress, versions
from tools.found import Found, Origin, SetupError
from tools.kubernetes import existing, kind, layout, processes
from tools.kubernetes.existing import TOOL


def find() -> Found:
    """The cluster, if one runs."""
    own = existing.find()
    if own:
        return own
    kubeconfig = running()
    if kubeconfig is None:
        return Found(TOOL, "-", "-", Origin.STOPPED, "run `make k8s-up`")
    version, origin = ("of kind", Origin.INSTALLED) if kind.running() else (versions.KUBERNETES, Origin.BUILT)
    return Found(TOOL, version, str(kubeconfig), origin)


def running() -> Path | None:
    """The kubeconfig of our own cluster, if it runs."""
    return layout.kubeconfig() if kind.running() or processes.running() else None


def up(nodes: int) -> Found:
    """Starts a cluster unless the user has one."""
    own = existing.find()
    if own:
        progress.say(f"  ok  {TOOL}: the {own.path} answers and is used; nothing was started")
    return own or ours(nodes)


def ours(nodes: int) -> Found:
    """Starts our own cluster with at least that many nodes, even if the user has another one."""
    tool = places.installed("kind")
    if tool and not processes.running():
        try:
            kind.up(tool, nodes)
            return Found(TOOL, "of kind", str(layout.kubeconfig()), Origin.INSTALLED)
        except SetupError as error:
            progress.say(f"  --  kind failed: {error}")
    processes.up(nodes)
    return Found(TOOL, versions.KUBERNETES, str(layout.kubeconfig()), Origin.BUILT)


def down(*, keep: bool) -> None:
    """Ends our own cluster and no other; ``keep`` keeps the data of plain processes."""
    by_kind, by_processes = kind.down(), processes.down(keep=keep)
    if not by_kind and not by_processes:
        progress.say(f"  ok  {TOOL}: no cluster of ours runs")
        return
    kept = f"; its data stays in {layout.folder()}" if keep and by_processes else ""
    progress.say(f"  ok  {TOOL}: ended{kept}")

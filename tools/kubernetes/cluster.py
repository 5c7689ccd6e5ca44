"""Which cluster is used: the user's own that answers, else one of kind, else one of plain processes."""

from pathlib import Path

from toolchain import progress, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin
from toolchain.kubernetes import existing, kind, layout, processes

TOOL = "Kubernetes"


def find() -> Found:
    """The cluster, if one runs."""
    context = existing.find()
    if context:
        return Found(TOOL, context.version, f"context {context.name}", Origin.INSTALLED)
    kubeconfig = running()
    if kubeconfig is None:
        return Found(TOOL, "-", "-", Origin.STOPPED, "run `make k8s-up`")
    version = versions.KUBERNETES if not kind.running() else "of kind"
    return Found(TOOL, version, str(kubeconfig), Origin.INSTALLED if kind.running() else Origin.BUILT)


def running() -> Path | None:
    """The kubeconfig of our own cluster, if it runs."""
    return layout.kubeconfig() if kind.running() or processes.running() else None


def up(nodes: int) -> Found:
    """Starts a cluster unless the user has one."""
    context = existing.find()
    if context:
        progress.say(f"  ok  {TOOL}: the context {context.name} answers and is used; nothing was started")
        return find()
    return ours(nodes)


def ours(nodes: int) -> Found:
    """Starts our own cluster, whatever else there is; it gets at least so many nodes."""
    tool = kind.command()
    if tool and not processes.running():
        try:
            kind.up(tool, nodes)
            return Found(TOOL, "of kind", str(layout.kubeconfig()), Origin.INSTALLED)
        except SetupError as error:
            progress.say(f"  --  not by kind: {error}")
    processes.up(nodes)
    return Found(TOOL, versions.KUBERNETES, str(layout.kubeconfig()), Origin.BUILT)


def down(*, keep: bool) -> None:
    """Ends our own cluster, and never another one; ``keep`` keeps the data of plain processes."""
    by_kind, by_processes = kind.down(), processes.down(keep=keep)
    if not by_kind and not by_processes:
        progress.say(f"  ok  {TOOL}: nothing of ours runs")
        return
    kept = f"; its data stays in {layout.folder()}" if keep and by_processes else ""
    progress.say(f"  ok  {TOOL}: ended{kept}")

"""`DiffConfig`: whether the provider now means another cluster.

Rules: ``DiffConfig`` in ``provider/pkg/provider/provider.go``.
"""

from typing import Any

from pulumi.provider.experimental.provider import DiffRequest, DiffResponse

from kubernetes_plugin import kubeconfig, settings, values
from kubernetes_plugin.objects import UNKNOWN, Object

IDENTIFIER = "clusterIdentifier"
WHICH_CLUSTER = ("kubeconfig", "context", "cluster")


def diff_config(request: DiffRequest) -> DiffResponse:
    """What changed; with another cluster, everything on the old one is replaced."""
    old, new = values.document(request.old_state), values.document(request.new_inputs)
    changed = sorted(key for key in {*old, *new} - {"version"} if old.get(key) != new.get(key))
    if not changed:
        return DiffResponse(changes=False)
    return DiffResponse(changes=True, diffs=changed, replaces=_replaces(old, new, changed))


def _replaces(old: Object, new: Object, changed: list[str]) -> list[str]:
    if old.get(IDENTIFIER) and new.get(IDENTIFIER):
        return [IDENTIFIER] if IDENTIFIER in changed else []
    unknown = [key for key in WHICH_CLUSTER if new.get(key) == UNKNOWN]
    if unknown:
        return unknown[:1]
    before, after = _cluster(old), _cluster(new)
    if before is None or after is None or before == after:
        return []
    return [key for key in WHICH_CLUSTER if key in changed]


def _cluster(config: Object) -> Any:
    try:
        return kubeconfig.active_cluster(kubeconfig.load(settings.read(config)))
    except (kubeconfig.KubeconfigError, OSError):
        return None

"""`CheckConfig` and `DiffConfig`: what a provider may not be told, and whether it now means another cluster.

Rules: the functions of these names in ``provider/pkg/provider/provider.go``.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.provider.experimental.provider import CheckFailure, CheckRequest, CheckResponse, DiffRequest, DiffResponse

from kubernetes_plugin import kubeconfig, settings, values
from kubernetes_plugin.objects import UNKNOWN, Object

IDENTIFIER = "clusterIdentifier"
WHICH_CLUSTER = ("kubeconfig", "context", "cluster")


def check_config(request: CheckRequest, env: Mapping[str, str] = os.environ) -> CheckResponse:
    """Refuses what this plugin cannot do, and in strict mode what does not name its cluster."""
    given = values.document(request.new_inputs)
    failures = [*_unsupported(given, env)]
    if settings.is_true(given.get("strictMode", json.loads(env.get("PULUMI_CONFIG") or "{}").get("strictMode"))):
        failures += _loose(request.urn, given)
    return CheckResponse(request.new_inputs, failures)


def _unsupported(given: Object, env: Mapping[str, str]) -> Iterator[CheckFailure]:
    if given.get("renderYamlToDirectory"):
        yield CheckFailure("renderYamlToDirectory", "rendering YAML needs the official Kubernetes plugin")
    apply = given.get("enableServerSideApply", env.get("PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", True))
    if not settings.is_true(apply):
        yield CheckFailure("enableServerSideApply", "client-side apply needs the official Kubernetes plugin")


def _loose(urn: str, given: Object) -> Iterator[CheckFailure]:
    if urn.rpartition("::")[2].startswith("default"):
        yield CheckFailure("", "strict mode prohibits default provider")
    for name in ("kubeconfig", "context"):
        if not given.get(name):
            yield CheckFailure(name, f'strict mode requires Provider "{name}" argument')


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

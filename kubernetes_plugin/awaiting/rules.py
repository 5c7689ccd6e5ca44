"""By kind: how long to wait and how to judge."""

from collections.abc import Callable
from dataclasses import dataclass

from kubernetes_plugin.awaiting import network, storage, wait_for, workloads
from kubernetes_plugin.awaiting.verdict import READY, Verdict
from kubernetes_plugin.cluster import Cluster
from kubernetes_plugin.errors import ApiError
from kubernetes_plugin.objects import Object, annotation, name_of, namespace_of, part
from kubernetes_plugin.tokens import Kind, kind_of

Judge = Callable[[Cluster, Object], Verdict]
MINUTES = 60
SLICES = Kind("discovery.k8s.io/v1", "EndpointSlice")


@dataclass(frozen=True)
class Rule:
    """How to wait for a kind."""

    judge: Judge
    timeout: int = 10 * MINUTES
    """Seconds, unless the program says otherwise."""
    on_read: bool = True
    """Whether a refresh says so when it is not ready."""
    has_pods: bool = False


def rule_for(obj: Object) -> Rule | None:
    """The rule for an object; None if it is ready as soon as it is there."""
    text = annotation(obj, wait_for.WAIT_FOR)
    if text:
        return Rule(lambda _, live: wait_for.judge(text, live), on_read=False)
    return RULES.get(str(kind_of(obj)))


def _slices(cluster: Cluster, namespace: str, service: str) -> list[Object]:
    return cluster.items(SLICES, namespace, labelSelector=f"kubernetes.io/service-name={service}")


def _service(cluster: Cluster, obj: Object) -> Verdict:
    slices = _slices(cluster, namespace_of(obj), name_of(obj)) if network.wants_endpoints(obj) else []
    return network.service(obj, slices)


def _ingress(cluster: Cluster, obj: Object) -> Verdict:
    namespace = namespace_of(obj)
    names = set(network.backends(obj))
    return network.ingress(obj, (name for name in names if not _reachable(cluster, namespace, name)))


def _reachable(cluster: Cluster, namespace: str, service: str) -> bool:
    if network.has_endpoints(_slices(cluster, namespace, service)):
        return True
    try:
        found = cluster.get(Kind("v1", "Service"), namespace, service)
    except ApiError:
        return False
    return str(part(found, "spec", "type")) == "ExternalName"


def _claim(cluster: Cluster, obj: Object) -> Verdict:
    name = part(obj, "spec", "storageClassName")
    try:
        found = cluster.get(Kind("storage.k8s.io/v1", "StorageClass"), "", name) if name else {}
    except ApiError:
        found = {}
    return storage.claim(obj, str(part(found, "volumeBindingMode") or ""))


def _alone(judge: Callable[[Object], Verdict]) -> Judge:
    return lambda _, obj: judge(obj)


RULES: dict[str, Rule] = {
    "apps/v1/DaemonSet": Rule(_alone(workloads.daemon_set), has_pods=True),
    "apps/v1/Deployment": Rule(_alone(workloads.deployment), has_pods=True),
    "apps/v1/StatefulSet": Rule(_alone(workloads.stateful_set), has_pods=True),
    "batch/v1/Job": Rule(_alone(workloads.job), has_pods=True),
    "networking.k8s.io/v1/Ingress": Rule(_ingress),
    "v1/PersistentVolume": Rule(_alone(storage.volume), 5 * MINUTES, on_read=False),
    "v1/PersistentVolumeClaim": Rule(_claim, 5 * MINUTES, on_read=False),
    "v1/Pod": Rule(_alone(workloads.pod), has_pods=True),
    "v1/ResourceQuota": Rule(_alone(storage.quota), 1 * MINUTES, on_read=False),
    "v1/Secret": Rule(_alone(storage.secret), 5, on_read=False),
    "v1/Service": Rule(_service),
}
IMMEDIATE = Rule(lambda *_: READY)

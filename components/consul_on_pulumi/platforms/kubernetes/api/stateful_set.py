"""One StatefulSet and its pods: where a roll stands, and the few orders that a roll gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from consul_on_pulumi.platforms.kubernetes.api import warning_events
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod, pod_of


class Workload(TypedDict):
    """Which StatefulSet, in the words of a resource's properties."""

    cluster: str
    """The Kubernetes cluster, as `kubeconfig.Cluster.text` spells it."""
    namespace: str
    """Where it is."""
    stateful_set: str
    """Its name, and the prefix of its pods' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """What the controller is told and has understood."""

    uid: str
    replicas: int
    revision: str
    """What a new pod would be made from."""
    settled: bool
    """Whether the controller has seen the last change."""


class StatefulSet:
    """One StatefulSet and its pods, called `<name>-<ordinal>`."""

    def __init__(self, workload: Mapping[str, Any]) -> None:
        """`workload` holds the keys of a Workload."""
        self.name = str(workload["stateful_set"])
        self._api = ApiServer(Cluster.of(workload["cluster"]))
        self._namespace = str(workload["namespace"])
        self._core = f"/api/v1/namespaces/{self._namespace}"
        self._path = f"/apis/apps/v1/namespaces/{self._namespace}/statefulsets/{self.name}"

    def roll(self) -> Roll | None:
        """Where the controller stands; None where there is no such StatefulSet."""
        found = self._api.find(self._path)
        if found is None:
            return None
        status = found.get("status", {})
        return Roll(
            uid=found["metadata"]["uid"],
            replicas=found["spec"]["replicas"],
            revision=status.get("updateRevision", ""),
            settled=status.get("observedGeneration", 0) >= found["metadata"]["generation"],
        )

    def pods(self, names: Sequence[str]) -> Mapping[str, Pod]:
        """Those of these pods that exist, by name."""
        found = {name: self._api.find(f"{self._core}/pods/{name}") for name in names}
        return {name: pod_of(pod) for name, pod in found.items() if pod is not None}

    def delete_pod(self, name: str, uid: str) -> None:
        """Delete the pod if it still is the one with this `uid`; the controller makes another."""
        self._api.delete(f"{self._core}/pods/{name}", uid)

    def scale(self, replicas: int) -> None:
        """Set the number of pods."""
        self._api.patch(f"{self._path}/scale", {"spec": {"replicas": replicas}})

    def claim(self, name: str) -> Object | None:
        """A claim of the namespace."""
        return self._api.find(f"{self._core}/persistentvolumeclaims/{name}")

    def grow_claim(self, name: str, size: str) -> None:
        """Ask for more storage. Raises RefusedError where the storage class does not let volumes grow."""
        change = {"spec": {"resources": {"requests": {"storage": size}}}}
        self._api.patch(f"{self._core}/persistentvolumeclaims/{name}", change)

    def last_warning(self, name: str) -> str:
        """The last warning that Kubernetes gave about the pod, or about the StatefulSet where it made no pod."""
        return warning_events.last(self._api, self._namespace, "Pod", name) or warning_events.last(
            self._api, self._namespace, "StatefulSet", self.name
        )

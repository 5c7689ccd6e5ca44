"""The clients' Deployment or DaemonSet and its pods: how far the controller is with replacing them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypedDict

import pulumi

from consul_on_pulumi.platforms.kubernetes.api import warning_events
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod, pod_of


class Kind(Enum):
    """What keeps the clients; the value is its name in the API's paths."""

    DEPLOYMENT = "deployments"
    DAEMON_SET = "daemonsets"


class ClientWorkload(TypedDict):
    """Which clients, in the words of a resource's properties."""

    cluster: str
    """The Kubernetes cluster, as `kubeconfig.Cluster.text` spells it."""
    namespace: str
    """Where they are."""
    kind: str
    """The value of a Kind."""
    workload: str
    """Its name."""
    selector: Mapping[str, str]
    """The labels that its pods are found by."""
    spec_hash: pulumi.Input[str]
    """Digest of everything that a client's pod is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a roll is."""

    wanted: int
    """How many clients there are to be."""
    available: int
    """How many of them are as described, and ready."""
    finished: bool
    """Whether the controller has seen the last change, and nothing is left to do."""
    version: str
    """What the workload says: every change makes another one."""


class Clients:
    """One Deployment or DaemonSet of clients."""

    def __init__(self, which: Mapping[str, Any]) -> None:
        """`which` holds the keys of a ClientWorkload."""
        self.name = str(which["workload"])
        self._kind = Kind(which["kind"])
        self._namespace = str(which["namespace"])
        self._selector = ",".join(f"{label}={value}" for label, value in which["selector"].items())
        self._definition = which["spec_hash"]
        self._api = ApiServer(Cluster.of(which["cluster"]))

    def progress(self) -> Progress | None:
        """Where the controller stands; None where there is no such workload."""
        found = self._found()
        if found is None:
            return None
        counted = _of_deployment if self._kind is Kind.DEPLOYMENT else _of_daemon_set
        metadata, status = found["metadata"], found.get("status", {})
        wanted, updated, available, surplus = counted(found, status)
        settled = status.get("observedGeneration", 0) >= metadata["generation"]
        return Progress(
            wanted=wanted,
            available=min(updated, available),
            finished=settled and updated >= wanted and available >= wanted and not surplus,
            version=f"{metadata['uid']}/{metadata['generation']}",
        )

    def pods(self) -> list[Pod]:
        """Those pods that are as described and do not end."""
        listed = self._api.find(f"/api/v1/namespaces/{self._namespace}/pods", labelSelector=self._selector) or {}
        pods = map(pod_of, listed.get("items", []))
        return [pod for pod in pods if pod.spec_hash == self._definition and not pod.leaving]

    def problem(self) -> str:
        """Why the controller makes no pods, in Kubernetes' words; empty where it says nothing."""
        if self._kind is Kind.DAEMON_SET:
            return warning_events.last(self._api, self._namespace, "DaemonSet", self.name)
        conditions = (self._found() or {}).get("status", {}).get("conditions", [])
        failures = [one for one in conditions if one["type"] == "ReplicaFailure" and one["status"] == "True"]
        return "".join(f"{one.get('reason')}: {one.get('message')}" for one in failures)

    def _found(self) -> Object | None:
        return self._api.find(f"/apis/apps/v1/namespaces/{self._namespace}/{self._kind.value}/{self.name}")


def _of_deployment(found: Object, status: Object) -> tuple[int, int, int, int]:
    """Wanted, updated, available and surplus pods, counted as `kubectl rollout status` does."""
    updated = status.get("updatedReplicas", 0)
    return found["spec"]["replicas"], updated, status.get("availableReplicas", 0), status.get("replicas", 0) - updated


def _of_daemon_set(_found: Object, status: Object) -> tuple[int, int, int, int]:
    """The same, where each node that is meant gets one."""
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    return status.get("desiredNumberScheduled", 0), updated, available, 0

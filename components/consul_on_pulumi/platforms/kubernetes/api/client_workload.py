"""The clients' Deployment or DaemonSet and its pods: the progress of a rollout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi

from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod, pod_of

DEPLOYMENT, DAEMON_SET = "deployments", "daemonsets"
"""The kinds of workload, as API paths name them."""


class ClientWorkload(TypedDict):
    """Which clients; these are properties of resources in the state."""

    cluster: str
    """The Kubernetes cluster, in the form of `kubeconfig.Cluster.text`."""
    namespace: pulumi.Input[str]
    """Their namespace."""
    kind: str
    """DEPLOYMENT or DAEMON_SET."""
    workload: str
    """Its name."""
    selector: Mapping[str, str]
    """The labels that select its pods."""
    spec_hash: pulumi.Input[str]
    """Digest of the whole specification of a client's pod."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a rollout."""

    wanted: int
    """How many clients the workload asks for."""
    available: int
    """How many of them have the new specification and are ready."""
    finished: bool
    """Whether the controller has seen the last change and completed the rollout."""
    version: str
    """UID and generation of the workload: every change of its specification gives another one."""


class Clients:
    """One Deployment or DaemonSet of clients."""

    def __init__(self, which: Mapping[str, Any]) -> None:
        """`which` holds the keys of a ClientWorkload."""
        self.name = str(which["workload"])
        self._kind = str(which["kind"])
        self._namespace = str(which["namespace"])
        self._selector = which["selector"]
        self._spec_hash = which["spec_hash"]
        self._api = ApiServer.of(which)

    def progress(self) -> Progress | None:
        """The current state; None if the workload does not exist."""
        found = self._found()
        if found is None:
            return None
        metadata, status = found["metadata"], found.get("status", {})
        # Counted as `kubectl rollout status` does. A DaemonSet has one pod on each selected node.
        if self._kind == DAEMON_SET:
            wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
            available, surplus = status.get("numberAvailable", 0), 0
        else:
            wanted, updated = found["spec"]["replicas"], status.get("updatedReplicas", 0)
            available, surplus = status.get("availableReplicas", 0), status.get("replicas", 0) - updated
        observed = status.get("observedGeneration", 0) >= metadata["generation"]
        return Progress(
            wanted=wanted,
            available=min(updated, available),
            finished=observed and updated >= wanted and available >= wanted and not surplus,
            version=f"{metadata['uid']}/{metadata['generation']}",
        )

    def pods(self) -> list[Pod]:
        """The pods with the new specification that are not terminating."""
        pods = map(pod_of, self._api.listed(f"/api/v1/namespaces/{self._namespace}/pods", self._selector))
        return [pod for pod in pods if pod.spec_hash == self._spec_hash and not pod.terminating]

    def problem(self) -> str:
        """Why the controller creates no pods, as Kubernetes reports it; may be empty."""
        if self._kind == DAEMON_SET:
            return self._api.last_warning(self._namespace, "DaemonSet", self.name)
        conditions = (self._found() or {}).get("status", {}).get("conditions", [])
        failures = [one for one in conditions if one["type"] == "ReplicaFailure" and one["status"] == "True"]
        return "".join(f"{one.get('reason')}: {one.get('message')}" for one in failures)

    def _found(self) -> Object | None:
        return self._api.find(f"/apis/apps/v1/namespaces/{self._namespace}/{self._kind}/{self.name}")

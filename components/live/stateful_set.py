"""The pods of one StatefulSet as Kubernetes sees them: which revision each is of, and why one does not run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from components.live.api_server import ApiServer, Object
from components.live.kubeconfig import Cluster

DEFINITION = "consul-on-pulumi/definition"
"""Annotation of a pod: digest of everything that it is made of."""
HOPELESS = (
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
)
"""Why a container waits where waiting longer rarely helps (kubelet, pkg/kubelet/images and kuberuntime)."""


class Workload(TypedDict):
    """Which StatefulSet, in the words of a resource's properties."""

    cluster: str
    """The Kubernetes cluster, as `kubeconfig.Cluster.text` spells it."""
    namespace: str
    stateful_set: str
    """Its name, and the prefix of its pods' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod just now."""

    name: str
    uid: str
    revision: str
    """Name of the ControllerRevision that it was made from."""
    definition: str | None
    ready: bool
    leaving: bool
    """Whether it was deleted and only ends."""
    trouble: str
    """Why it does not run, in Kubernetes' words; empty where it says nothing."""
    hopeless: bool
    """Whether it will not run without somebody doing something."""


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
        self._core = f"/api/v1/namespaces/{workload['namespace']}"
        self._path = f"/apis/apps/v1/namespaces/{workload['namespace']}/statefulsets/{self.name}"

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
        return {name: _pod(pod) for name, pod in found.items() if pod is not None}

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

    def complaint(self, name: str) -> str:
        """The last warning that Kubernetes gave about the pod, or about the StatefulSet where it made no pod."""
        for kind, about in (("Pod", name), ("StatefulSet", self.name)):
            chosen = f"involvedObject.kind={kind},involvedObject.name={about},type=Warning"
            events = (self._api.find(f"{self._core}/events", fieldSelector=chosen) or {}).get("items", [])
            if events:
                last = max(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime")))
                return f"{last.get('reason')}: {last.get('message')}"
        return ""


def _pod(found: Object) -> Pod:
    metadata, status = found["metadata"], found.get("status", {})
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    troubles = [_waiting(one) for one in status.get("containerStatuses", [])]
    reason, trouble = next((each for each in troubles if each[0]), _unscheduled(conditions.get("PodScheduled", {})))
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        revision=metadata.get("labels", {}).get("controller-revision-hash", ""),
        definition=metadata.get("annotations", {}).get(DEFINITION),
        ready=conditions.get("Ready", {}).get("status") == "True",
        leaving="deletionTimestamp" in metadata,
        trouble=trouble,
        hopeless=reason in HOPELESS,
    )


def _waiting(container: Mapping[str, Any]) -> tuple[str, str]:
    """Why a container does not run, as a word and as a sentence that ends with its own last ones."""
    state = container.get("state", {})
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or container.get("lastState", {}).get("terminated") or {}
    reason = str(waiting.get("reason") or (ended.get("reason") if "terminated" in state else "") or "")
    if reason in ("", "ContainerCreating", "PodInitializing"):
        return "", ""
    words = str(ended.get("message") or waiting.get("message") or "").strip().splitlines()[-3:]
    return reason, f"{reason}: {' / '.join(words)}" if words else reason


def _unscheduled(condition: Mapping[str, Any]) -> tuple[str, str]:
    if condition.get("status") == "False":
        return str(condition.get("reason")), f"{condition.get('reason')}: {condition.get('message')}"
    return "", ""

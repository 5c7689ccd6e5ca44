"""One pod as Kubernetes sees it: what it was made from, and why it does not run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.platforms.kubernetes.api.api_server import Object

SPEC_HASH = "consul-on-pulumi/spec-hash"
"""Annotation of a pod: digest of everything that it is made of."""
CRASHING = "CrashLoopBackOff"
UNRECOVERABLE = (
    CRASHING,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod just now."""

    name: str
    uid: str
    revision: str
    """Name of the ControllerRevision that it was made from."""
    spec_hash: str | None
    ready: bool
    leaving: bool
    """Whether it was deleted and only ends."""
    problem: str
    """Why it does not run, in Kubernetes' words; empty where it says nothing."""
    unrecoverable: bool
    """Whether it will hardly run without somebody doing something."""
    crashes: int
    """How often its container was started again, counted while it is held back for that: else 0."""


def pod_of(found: Object) -> Pod:
    """The pod that an object of the API describes."""
    metadata, status = found["metadata"], found.get("status", {})
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    troubles = [_waiting(one) for one in status.get("containerStatuses", [])]
    reason, problem = next((each for each in troubles if each[0]), _unscheduled(conditions.get("PodScheduled", {})))
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        revision=metadata.get("labels", {}).get("controller-revision-hash", ""),
        spec_hash=metadata.get("annotations", {}).get(SPEC_HASH),
        ready=conditions.get("Ready", {}).get("status") == "True",
        leaving="deletionTimestamp" in metadata,
        problem=problem,
        unrecoverable=reason in UNRECOVERABLE,
        crashes=sum(one.get("restartCount", 0) for one in status["containerStatuses"]) if reason == CRASHING else 0,
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

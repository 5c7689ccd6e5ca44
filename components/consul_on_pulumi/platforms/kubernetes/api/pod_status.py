"""The state of a pod: what it was created from, and why it does not run."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from consul_on_pulumi.platforms.kubernetes.api.api_server import Object

SPEC_HASH = "consul-on-pulumi/spec-hash"
"""Annotation of a pod: digest of its whole specification."""
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
"""Reasons of a waiting container that rarely end by themselves (kubelet, pkg/kubelet/images and kuberuntime)."""
NO_IMAGE = ("ErrImagePull", "ImagePullBackOff")
"""Reasons that have the answer of the registry in their message."""
PULL_SECRETS = (
    "the registry refuses without valid credentials, so name a Secret in `platform.kubernetes.image_pull_secrets`"
)
"""What to do about such an answer."""
_REFUSED = re.compile(r"\b401\b|\b403\b|unauthorized|denied|authoriz|authenticat|credential", re.IGNORECASE)
CLOCKS_DIFFER = 60.0
"""Seconds by which the clocks of two machines may differ."""
KILLED = "OOMKilled"
"""Reason of a container that used more memory than its limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod."""

    name: str
    uid: str
    revision: str
    """Name of the ControllerRevision that it was created from."""
    spec_hash: str | None
    ready: bool
    unready_for: float
    """Seconds since it was last ready, or since its creation; 0 if it is ready."""
    terminating: bool
    """Whether it was deleted, and its containers are ending."""
    problem: str
    """Why it does not run, as Kubernetes reports it; may be empty."""
    unscheduled: bool
    """Whether no node was found for it, or its volume is missing."""
    unrecoverable: bool
    """Whether it will probably not run until somebody changes something."""
    crashes: int
    """How often its container restarted, if it is in CrashLoopBackOff; else 0."""


def pod_of(found: Object) -> Pod:
    """The pod that an API object describes."""
    metadata, status = found["metadata"], found.get("status", {})
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    waiting = [_waiting(one, found) for one in status.get("containerStatuses", [])]
    ready = conditions.get("Ready", {}).get("status") == "True"
    since = conditions.get("Ready", {}).get("lastTransitionTime") or metadata.get("creationTimestamp")
    reason, problem = next((each for each in waiting if each[0]), _unscheduled(conditions.get("PodScheduled", {})))
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        revision=metadata.get("labels", {}).get("controller-revision-hash", ""),
        spec_hash=metadata.get("annotations", {}).get(SPEC_HASH),
        ready=ready,
        unready_for=0.0 if ready else _seconds_since(since),
        terminating="deletionTimestamp" in metadata,
        problem=problem,
        unscheduled=reason == "Unschedulable",
        unrecoverable=reason in UNRECOVERABLE,
        crashes=sum(one.get("restartCount", 0) for one in status["containerStatuses"]) if reason == CRASHING else 0,
    )


def _seconds_since(time: str | None) -> float:
    """Seconds since a time of Kubernetes; more than any limit for one in the future: a clock was set back since."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds() if time else 0.0
    return seconds if seconds > -CLOCKS_DIFFER else math.inf


def _waiting(container: Mapping[str, Any], pod: Object) -> tuple[str, str]:
    """Why a container of a pod does not run: the reason, and a sentence with its last log lines or with what to do."""
    state = container.get("state", {})
    waiting = state.get("waiting") or {}
    terminated = state.get("terminated") or container.get("lastState", {}).get("terminated") or {}
    reason = str(waiting.get("reason") or (terminated.get("reason") if "terminated" in state else "") or "")
    if reason in ("", "ContainerCreating", "PodInitializing"):
        return "", ""
    if terminated.get("reason") == KILLED:
        return reason, f"{reason}: killed for memory (137) at its limit: raise {_setting(pod, 'limits.memory')}"
    lines = str(terminated.get("message") or waiting.get("message") or "").strip().splitlines()[-3:]
    text = f"{reason}: {' / '.join(lines)}" if lines else reason
    return reason, f"{text}: {PULL_SECRETS}" if reason in NO_IMAGE and _REFUSED.search(text) else text


def _setting(pod: Object, key: str) -> str:
    """The path of a setting of the pod's resources."""
    server = pod["metadata"].get("labels", {}).get("app.kubernetes.io/component") == "server"
    return f"`platform.kubernetes.{'resources' if server else 'client_resources'}.{key}`"


def _unscheduled(condition: Mapping[str, Any]) -> tuple[str, str]:
    if condition.get("status") == "False":
        return str(condition.get("reason")), f"{condition.get('reason')}: {condition.get('message')}"
    return "", ""

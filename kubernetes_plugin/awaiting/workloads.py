"""When a Deployment, StatefulSet, DaemonSet, Pod or Job is ready."""

from typing import Any

from kubernetes_plugin.awaiting.verdict import READY, Verdict, failed, waiting
from kubernetes_plugin.objects import Object, part


def number(obj: Object, *path: str, default: int = 0) -> int:
    """A count in an object; ``default`` where there is none."""
    value = part(obj, *path)
    return default if value is None else int(value)


def condition(obj: Object, kind: str) -> Any:
    """The condition of that type, or None."""
    return next((one for one in part(obj, "status", "conditions") or [] if one.get("type") == kind), None)


def _unobserved(obj: Object) -> bool:
    return number(obj, "status", "observedGeneration") < number(obj, "metadata", "generation")


def stateful_set(obj: Object) -> Verdict:
    """All replicas ready and of the newest revision; with ``OnDelete`` the revision is the user's affair."""
    if _unobserved(obj):
        return waiting("Waiting for the StatefulSet controller to see the change")
    wanted = number(obj, "spec", "replicas", default=1)
    status = part(obj, "status") or {}
    ready, updated = int(status.get("readyReplicas") or 0), int(status.get("updatedReplicas") or 0)
    whole = ready == wanted == int(status.get("replicas") or 0)
    if part(obj, "spec", "updateStrategy", "type") == "OnDelete" and number(obj, "metadata", "generation") > 1:
        return READY if whole else waiting(f"Waiting for StatefulSet ({ready}/{wanted} Pods ready)")
    current, newest = status.get("currentRevision"), status.get("updateRevision")
    done = bool(current) and current == newest
    if whole and done and int(status.get("currentReplicas") or 0) == wanted:
        return READY
    if whole and not done and updated == wanted:
        return waiting(f"StatefulSet controller failed to advance from revision {current!r} to revision {newest!r}")
    count = ready if done else min(ready, updated)
    return waiting(f"{count} out of {wanted} replicas succeeded readiness checks")


def deployment(obj: Object) -> Verdict:
    """The newest ReplicaSet has all replicas available, and the older ones have none."""
    if _unobserved(obj):
        return waiting("Waiting for the Deployment controller to see the change")
    wanted = number(obj, "spec", "replicas", default=1)
    updated, available = number(obj, "status", "updatedReplicas"), number(obj, "status", "availableReplicas")
    there = number(obj, "status", "replicas")
    progress = condition(obj, "Progressing") or {}
    if part(obj, "spec", "paused") is not True and progress.get("reason") == "ProgressDeadlineExceeded":
        return waiting(f"Deployment makes no progress: {progress.get('message')}")
    if updated < wanted:
        return waiting(f"{updated} out of {wanted} replicas were updated")
    if there > updated:
        return waiting(f"{there - updated} replicas of older revisions are still there")
    if available < updated:
        return waiting(f"{available} out of {wanted} replicas are available")
    return READY


def daemon_set(obj: Object) -> Verdict:
    """Every node that shall run it runs the newest revision, available."""
    if _unobserved(obj):
        return waiting("Waiting for the DaemonSet controller to see the change")
    wanted = number(obj, "status", "desiredNumberScheduled")
    updated, available = number(obj, "status", "updatedNumberScheduled"), number(obj, "status", "numberAvailable")
    if part(obj, "spec", "updateStrategy", "type") != "OnDelete" and updated < wanted:
        return waiting(f"{updated} out of {wanted} Pods were updated")
    if available < wanted:
        return waiting(f"{available} out of {wanted} Pods are available")
    return READY


def pod(obj: Object) -> Verdict:
    """Ready, or ended well."""
    phase = part(obj, "status", "phase")
    if phase == "Succeeded" or (condition(obj, "Ready") or {}).get("status") == "True":
        return READY
    return waiting(f"Pod is {phase or 'not scheduled'}")


def job(obj: Object) -> Verdict:
    """Complete; a failed Job stays failed."""
    if (condition(obj, "Complete") or {}).get("status") == "True":
        return READY
    end = condition(obj, "Failed") or {}
    if end.get("status") == "True":
        return failed(f"Job failed: {end.get('reason')}: {end.get('message')}")
    done, wanted = number(obj, "status", "succeeded"), number(obj, "spec", "completions", default=1)
    return waiting(f"{done} out of {wanted} completions; {number(obj, 'status', 'failed')} Pods failed")

"""Looking until an object is gone."""

import time

from kubernetes_plugin.awaiting.readiness import SKIP, intervals, time_allowed
from kubernetes_plugin.errors import ApiError, NoSuchKindError, NotReadyError, UnreachableError
from kubernetes_plugin.objects import Object, annotated_true, part
from kubernetes_plugin.session import Session
from kubernetes_plugin.tokens import Kind

# Seconds: 10 minutes should be enough for thousands of replicas.
DEFAULT, LONG = 300, 600
LONG_KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicationController"})
# `skipAwait` is about readiness; the official plugin lets it skip the end of these kinds too.
SKIPPING = LONG_KINDS | {"Namespace", "Pod", "Job"}


def await_gone(
    session: Session, urn: str, inputs: Object, kind: Kind, namespace: str, name: str, custom_timeout: float
) -> None:
    """Returns when the object is no more; raises ``NotReadyError``."""
    if annotated_true(inputs, SKIP) and kind.name in SKIPPING:
        return
    allowed = time_allowed(inputs, custom_timeout, LONG if kind.name in LONG_KINDS else DEFAULT)
    end = time.monotonic() + allowed
    live: Object = {}
    message, uid = "", None
    for seconds in intervals():
        try:
            live = session.cluster.get(kind, namespace, name)
            uid = uid or part(live, "metadata", "uid")
            if part(live, "metadata", "uid") != uid:
                return
            message = still_there(live)
        except NoSuchKindError:
            return
        except ApiError as error:
            if error.status == 404:
                session.log.status(urn, "")
                return
            message = str(error)
        except UnreachableError as error:
            message = f"the API server does not answer: {error}"
        session.log.status(urn, message)
        now = time.monotonic()
        if now >= end:
            raise NotReadyError(
                f"timed out after {allowed:.0f} s waiting for the deletion of {kind} {name}", [message], live
            )
        if session.cancelled.wait(min(seconds, max(end - now, 0.01))):
            raise NotReadyError(f"cancelled while waiting for the deletion of {kind} {name}", [message], live)


def still_there(live: Object) -> str:
    """Why an object that is being deleted still exists."""
    finalizers = part(live, "metadata", "finalizers") or []
    left = part(live, "status", "replicas")
    if left:
        return f"{live.get('kind')} still exists ({left} replicas left)"
    for condition in part(live, "status", "conditions") or []:
        if live.get("kind") == "Namespace" and condition.get("status") == "True":
            return f"Namespace still exists: {condition.get('message')}"
    if finalizers:
        return f"{live.get('kind')} still exists; finalizers might be preventing deletion: {', '.join(finalizers)}"
    return f"{live.get('kind')} still exists"

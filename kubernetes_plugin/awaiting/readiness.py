"""Looking at an object until it is ready, will never be, or time is up."""

import time
from collections.abc import Iterator

from kubernetes_plugin.awaiting.pod_reasons import event_reasons, owned_by, pod_reasons
from kubernetes_plugin.awaiting.rules import Rule, rule_for
from kubernetes_plugin.awaiting.verdict import Verdict
from kubernetes_plugin.cluster import Cluster
from kubernetes_plugin.errors import ApiError, NoSuchKindError, NotReadyError, UnreachableError
from kubernetes_plugin.objects import Object, annotated_true, annotation, name_of, namespace_of, part
from kubernetes_plugin.session import Session
from kubernetes_plugin.tokens import Kind, kind_of

SKIP = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"
# Seconds between looks: short at first, since much is ready at once.
SHORTEST, LONGEST = 0.1, 1.0
# Seconds between looks at Pods for messages to show.
PODS_EVERY = 10.0
# Seconds for which an API server that does not answer is no failure yet.
PATIENCE = 30.0


def time_allowed(inputs: Object, custom_timeout: float, default: float) -> float:
    """Seconds to wait: the resource option `customTimeouts`, else the annotation, else the kind's own."""
    if custom_timeout:
        return custom_timeout
    text = annotation(inputs, TIMEOUT)
    return float(text) if text.isdigit() else default


def intervals() -> Iterator[float]:
    """How long to wait before each next look."""
    seconds = SHORTEST
    while True:
        yield seconds
        seconds = min(seconds * 1.5, LONGEST)


def await_ready(session: Session, urn: str, inputs: Object, live: Object, custom_timeout: float) -> Object:
    """The object once it is ready; raises ``NotReadyError``."""
    rule = rule_for(live)
    if rule is None or annotated_true(inputs, SKIP):
        return live
    kind, namespace, name = kind_of(live), namespace_of(live), name_of(live)
    allowed = time_allowed(inputs, custom_timeout, rule.timeout)
    end, pods_next, answered = time.monotonic() + allowed, time.monotonic() + PODS_EVERY, time.monotonic()
    verdict = Verdict(False)
    for seconds in intervals():
        try:
            live = session.cluster.get(kind, namespace, name)
            verdict, answered = rule.judge(session.cluster, live), time.monotonic()
        except ApiError as error:
            if error.status == 404:
                raise NotReadyError("the object was deleted while it was waited for", [], live) from error
            verdict = Verdict(False, str(error))
        except UnreachableError as error:
            verdict = Verdict(False, f"the API server does not answer: {error}")
            end = min(end, answered + max(PATIENCE, SHORTEST))
        if verdict.ready:
            session.log.status(urn, "")
            return live
        session.log.status(urn, verdict.message)
        now = time.monotonic()
        if verdict.final or now >= end:
            why = verdict.message if verdict.final else f"timed out after {allowed:.0f} s: {verdict.message}"
            raise NotReadyError(why, why_not(session.cluster, rule, live), live)
        if now >= pods_next:
            pods_next = now + PODS_EVERY
            for line in why_not(session.cluster, rule, live)[:1]:
                session.log.status(urn, line)
        if session.cancelled.wait(min(seconds, max(end - now, 0.01))):
            raise NotReadyError(
                f"cancelled while waiting: {verdict.message}", why_not(session.cluster, rule, live), live
            )
    return live


def look_once(session: Session, inputs: Object, live: Object) -> list[str]:
    """What keeps an object from being ready now; nothing if it is, or if nobody shall ask."""
    rule = rule_for(live)
    if rule is None or not rule.on_read or annotated_true(inputs, SKIP):
        return []
    try:
        verdict = rule.judge(session.cluster, live)
    except (ApiError, NoSuchKindError, UnreachableError):
        return []
    return [] if verdict.ready else [verdict.message, *why_not(session.cluster, rule, live)]


def why_not(cluster: Cluster, rule: Rule, live: Object) -> list[str]:
    """What Pods and events say; as much of it as can be had."""
    try:
        pods = _pods(cluster, live) if rule.has_pods else []
        events = cluster.items(Kind("v1", "Event"), namespace_of(live), fieldSelector="type=Warning")
    except (ApiError, NoSuchKindError, UnreachableError):
        return []
    said = [line for pod in pods for line in pod_reasons(pod)]
    return [*dict.fromkeys([*said, *event_reasons(events, [name_of(live), *map(name_of, pods)])])]


def _pods(cluster: Cluster, live: Object) -> list[Object]:
    if kind_of(live).name == "Pod":
        return [live]
    namespace, owners = namespace_of(live), [str(part(live, "metadata", "uid"))]
    if kind_of(live).name == "Deployment":
        sets = cluster.items(Kind("apps/v1", "ReplicaSet"), namespace)
        owners += [str(part(one, "metadata", "uid")) for one in owned_by(sets, owners)]
    return owned_by(cluster.items(Kind("v1", "Pod"), namespace), owners)

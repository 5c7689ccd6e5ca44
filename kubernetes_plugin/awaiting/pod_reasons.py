"""Why Pods are not ready, in the words of the scheduler, the kubelet and the events."""

from collections.abc import Iterable, Iterator

from kubernetes_plugin.awaiting import workloads
from kubernetes_plugin.awaiting.workloads import condition
from kubernetes_plugin.objects import Object, name_of, part

# Waiting states that every container passes through.
USUAL = ("ContainerCreating", "PodInitializing")
EVENTS_SHOWN = 5


def pod_reasons(pod: Object) -> list[str]:
    """One line for each thing that keeps a Pod from being ready."""
    if workloads.pod(pod).ready:
        return []
    return [f"[Pod {name_of(pod)}]: {line}" for line in _lines(pod) or [workloads.pod(pod).message]]


def _lines(pod: Object) -> list[str]:
    found = []
    scheduled = condition(pod, "PodScheduled") or {}
    if scheduled.get("status") == "False":
        found.append(f"{scheduled.get('reason')}: {scheduled.get('message')}")
    for group in ("initContainerStatuses", "containerStatuses"):
        for status in part(pod, "status", group) or []:
            found += _container(status)
    ready = condition(pod, "Ready") or {}
    if ready.get("reason") == "ContainersNotReady" and part(pod, "status", "phase") == "Running":
        found.append(str(ready.get("message")))
    return found


def _container(status: Object) -> Iterator[str]:
    name, waiting = status.get("name"), part(status, "state", "waiting") or {}
    if waiting and waiting.get("reason") not in USUAL:
        yield f"container {name!r} is waiting: {waiting.get('reason')}: {waiting.get('message')}"
    for state in ("state", "lastState"):
        end = part(status, state, "terminated") or {}
        if end.get("exitCode"):
            message = f": {end['message'].strip()}" if end.get("message") else ""
            yield f"container {name!r} terminated with exit code {end['exitCode']} ({end.get('reason')}){message}"
            return


def event_reasons(events: Iterable[Object], names: Iterable[str]) -> list[str]:
    """The newest warnings about objects of these names."""
    about = set(names)
    seen: dict[str, str] = {}
    for event in events:
        name = part(event, "involvedObject", "name")
        if name in about and event.get("type") == "Warning":
            when = event.get("lastTimestamp") or event.get("eventTime") or ""
            line = f"[{part(event, 'involvedObject', 'kind')} {name}]: {event.get('reason')}: {event.get('message')}"
            seen[line] = max(when, seen.get(line, ""))
    return sorted(seen, key=lambda line: seen[line], reverse=True)[:EVENTS_SHOWN]


def owned_by(pods: Iterable[Object], owners: Iterable[str]) -> list[Object]:
    """The Pods that belong to an object of one of these UIDs."""
    uids = set(owners)
    return [
        pod for pod in pods if any(owner.get("uid") in uids for owner in part(pod, "metadata", "ownerReferences") or [])
    ]

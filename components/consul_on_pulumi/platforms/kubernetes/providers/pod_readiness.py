"""Waiting for agents in pods: what each server reports, and what Kubernetes reports about its pod."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.consul.rollout import TIMEOUT as RAFT_TIMEOUT
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.model.rollout import ClusterView
from consul_on_pulumi.platforms.kubernetes.api.api_server import if_answered
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import CLAIM, StatefulSet

TIMEOUT = 300.0
"""Seconds for a pod to be scheduled and to get its image and volume, and for its server to become a voter."""
UNRECOVERABLE_TIMEOUT = 30.0
"""Seconds to wait for a pod whose image or configuration seems to be wrong: a registry may fail for a moment."""
CRASHES = 2
"""Restarts after which we stop waiting for a container that exits again. The kubelet waits 10 s before the second
restart and doubles the time before each further one; in between, the pod looks healthy for a moment."""
INTERVAL = 0.3
"""Seconds between two requests."""

T = TypeVar("T")


class Deadline:
    """How long to wait for pods: TIMEOUT, or less where waiting rarely helps."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + TIMEOUT
        self._unrecoverable_since: float | None = None

    def expired(self, not_ready: Sequence[Pod], *, refused: bool = False) -> bool:
        """Whether to stop waiting for these pods; `refused` if Kubernetes refuses to create one or its volume."""
        now = time.monotonic()
        unrecoverable = refused or any(pod.unrecoverable for pod in not_ready)
        self._unrecoverable_since = (self._unrecoverable_since or now) if unrecoverable else None
        waited = now - (self._unrecoverable_since or now)
        crashing = any(pod.crashes >= CRASHES for pod in not_ready)
        return crashing or now > self._deadline or waited > UNRECOVERABLE_TIMEOUT

    def retry(self, request: Callable[[], T]) -> T:
        """The result of a request to the API server, repeated while it does not answer.

        Raises UnreachableError at the deadline.
        """
        while True:
            try:
                return request()
            except UnreachableError:
                if self.expired(()):
                    raise
                time.sleep(INTERVAL)


def not_ready_reasons(
    servers: Servers,
    stateful_set: StatefulSet,
    names: Sequence[str],
    deleted: Mapping[str, str],
    *,
    led: bool = True,
    served: bool = False,
) -> str | None:
    """Wait until all `names` are voters and have caught up; returns why some are not, or None if all are.

    `deleted` maps the name of a deleted pod to its UID: the state of its server no longer counts. Without a leader
    (`led` is false) it is enough that a server answers. If `served`, Services must lead to the pods as well.
    """
    timeout = Deadline()
    index = 0
    while True:
        pods, view = timeout.retry(lambda: stateful_set.pods(names)), servers.accepted_view()
        index = index or view.committed
        not_ready = {
            name: reason
            for name in names
            if (
                reason := _not_ready_reason(name, pods.get(name), deleted.get(name), view, index, led=led)
                or (f"the pod of {name} is not ready" if served and not pods[name].ready else None)
            )
        }
        if not not_ready:
            return None
        # The crashes of a terminating pod do not matter.
        present = [pod for name in not_ready if (pod := pods.get(name)) and not _terminating(pod, deleted.get(name))]
        lost = rollout.lost_quorum(view, names)
        if timeout.expired(present, refused=bool(lost) or _is_refused(stateful_set, not_ready, pods)):
            explained = [_explained(name, reason, pods.get(name), stateful_set) for name, reason in not_ready.items()]
            return "; ".join([*explained, *([lost] if lost else [])])
        time.sleep(INTERVAL)


def _is_refused(stateful_set: StatefulSet, not_ready: Iterable[str], pods: Mapping[str, Pod]) -> bool:
    """Whether a controller reports why it creates no pod, such as a quota, or no volume for one."""
    return any(
        (name not in pods and if_answered(lambda: stateful_set.last_warning(name)))  # noqa: B023, called at once
        or (name in pods and pods[name].unscheduled and if_answered(lambda: stateful_set.warning_of_claim(name)))  # noqa: B023
        for name in not_ready
    )


def leave_raft(servers: Servers, name: str) -> bool:
    """Make a server leave the cluster; returns whether it is no Raft peer any more.

    Its agent exits soon after, and the kubelet would restart it: delete the pod right away.
    """
    threading.Thread(target=servers.leave, args=(name,), daemon=True).start()
    return servers.wait_for(lambda view: view.led and name not in view.peers, RAFT_TIMEOUT) is not None


def _not_ready_reason(
    name: str, pod: Pod | None, deleted: str | None, view: ClusterView, index: int, *, led: bool
) -> str | None:
    if pod is None:
        return f"{name} has no pod"
    if _terminating(pod, deleted):
        return f"the old pod of {name} is still terminating"
    if not led and name in view.status:
        return None
    if led and not view.led and name in view.status:
        return f"{name} knows no leader"
    return rollout.not_ready_reason(name, view, index)


def _terminating(pod: Pod, deleted: str | None) -> bool:
    """Whether it is the pod with the UID `deleted`, or was deleted by somebody else."""
    return pod.uid == deleted or pod.terminating


def _explained(name: str, reason: str, pod: Pod | None, stateful_set: StatefulSet) -> str:
    problem = (pod.problem if pod else "") or ("" if pod and pod.ready else stateful_set.last_warning(name))
    if pod and pod.unscheduled and (of_claim := stateful_set.warning_of_claim(name)):
        problem = f"{problem}; {CLAIM}-{name}: {of_claim}"
    return f"{reason} ({problem})" if problem else reason

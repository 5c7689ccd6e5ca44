"""Waiting for agents in pods: with the evidence of each server, and with Kubernetes' own words where there is none."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.consul.rollout import TIMEOUT as RAFT_TIMEOUT
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.model.rollout import ClusterView
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet

TIMEOUT = 300.0
"""Seconds for a pod to be scheduled, get its image and volume, and for its server to take part again."""
UNRECOVERABLE_TIMEOUT = 30.0
"""Seconds for a pod whose image or configuration seems to be wrong: a registry may hiccup."""
CRASHES = 2
"""Restarts after which a container that ends again is not waited for: the kubelet waits 10 s before the second, and for
twice as long before each further one, between which the pod looks well for a moment."""
INTERVAL = 0.3
"""Seconds between two looks."""

T = TypeVar("T")


class Deadline:
    """How long pods are waited for: TIMEOUT, and less where waiting rarely helps."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + TIMEOUT
        self._hopeless_since: float | None = None

    def is_over(self, pods: Sequence[Pod]) -> bool:
        """Whether to stop waiting, where `pods` are those that do not run as they should."""
        now = time.monotonic()
        self._hopeless_since = (self._hopeless_since or now) if any(pod.unrecoverable for pod in pods) else None
        crashed = any(pod.crashes >= CRASHES for pod in pods)
        tired = self._hopeless_since is not None and now - self._hopeless_since > UNRECOVERABLE_TIMEOUT
        return crashed or tired or now > self._deadline

    def asked(self, question: Callable[[], T]) -> T:
        """What the API server answers, asked again while it says nothing; raises UnreachableError in the end."""
        while True:
            try:
                return question()
            except UnreachableError:
                if self.is_over(()):
                    raise
                time.sleep(INTERVAL)


def not_ready_reasons(
    servers: Servers, pods: StatefulSet, names: Sequence[str], gone: Mapping[str, str], *, led: bool = True
) -> str | None:
    """Wait until all `names` vote and have caught up; returns what is in the way at the end, or None when nothing is.

    `gone` maps the name of a pod that was deleted to its uid: its server says nothing that counts any more. Without a
    majority to vote with (`led` is false) it is enough that a server answers.
    """
    timeout = Deadline()
    index = 0
    while True:
        found, view = timeout.asked(lambda: pods.pods(names)), servers.look()
        index = index or (view.status[view.leader].commit if view.leader else 0)
        hindered = {
            name: reason
            for name in names
            if (reason := _hindrance(name, found.get(name), gone.get(name), view, index, led=led))
        }
        if not hindered:
            return None
        # A pod that is on its way out may have crashed as often as it likes.
        present = [pod for name in hindered if (pod := found.get(name)) and not _gone(pod, gone.get(name))]
        if timeout.is_over(present):
            return "; ".join(_explained(name, reason, found.get(name), pods) for name, reason in hindered.items())
        time.sleep(INTERVAL)


def leave_raft(servers: Servers, name: str) -> bool:
    """Let a server leave the cluster; whether Raft is without it then.

    Its agent ends soon after, and the kubelet would start it again: the pod has to be deleted right away.
    """
    threading.Thread(target=servers.leave, args=(name,), daemon=True).start()
    gone = servers.until(lambda now: now.leader is not None and name not in now.peers, RAFT_TIMEOUT)
    return gone is not None


def _hindrance(name: str, pod: Pod | None, gone: str | None, view: ClusterView, index: int, *, led: bool) -> str | None:
    if pod is None:
        return f"{name} has no pod"
    if _gone(pod, gone):
        return f"{name} has not ended yet"
    if not led and name in view.status:
        return None
    if led and view.leader is None and name in view.status:
        return f"{name} knows no leader"
    return rollout.not_ready_reason(name, view, index)


def _gone(pod: Pod, gone: str | None) -> bool:
    """Whether it is the pod that was deleted, or ends for another reason."""
    return pod.uid == gone or pod.leaving


def _explained(name: str, reason: str, pod: Pod | None, pods: StatefulSet) -> str:
    words = (pod.problem if pod else "") or ("" if pod and pod.ready else pods.last_warning(name))
    return f"{reason} ({words})" if words else reason

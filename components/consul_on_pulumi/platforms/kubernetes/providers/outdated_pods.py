"""What a rollout has to do: pods that differ from what their StatefulSet would create, and pods that are missing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consul_on_pulumi.consul.rollout import TIMEOUT, RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.api.api_server import if_answered
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Status
from consul_on_pulumi.platforms.kubernetes.providers import workload_exists
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import INTERVAL
from consul_on_pulumi.providers.provider import Properties

SILENT = 30.0
"""Seconds after which a pod that is not ready is no longer starting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What there is to do, apart from other inputs; nothing where the API server does not answer."""

    outdated: Mapping[str, Pod] = field(default_factory=dict)
    """The pods to replace, by name."""
    changed: bool = False
    """Whether the StatefulSet changed since the last rollout."""
    replicas: int = 0
    """How many pods it asks for."""
    missing: Sequence[str] = ()
    """The servers that somebody scaled away."""
    silent: Sequence[str] = ()
    """The servers that have not been ready for SILENT seconds, each with the reason that Kubernetes gives."""


def waiting(olds: Properties, news: Properties) -> Work:
    """What a rollout from `olds` to `news` would do; both are properties of a ServerRollout, `olds` may be empty."""
    return (if_answered(lambda: _work(olds, news)) if olds else None) or Work()


def find(stateful_set: StatefulSet, names: Sequence[str], spec_hash: Any) -> dict[str, Pod]:
    """The pods that differ from what a new pod would be, by name, in the order of the ordinals."""
    status = stateful_set.status()
    if status is None:
        return {}
    # In a preview the StatefulSet may still have another template than it will have: then its revision says nothing.
    revision = status.revision if status.spec_hash == spec_hash else None
    return {
        name: pod
        for name, pod in stateful_set.pods(names).items()
        if pod.spec_hash != spec_hash or revision not in (None, pod.revision)
    }


def wait_for_controller(stateful_set: StatefulSet) -> Status:
    """Before the controller has seen the last change, it would create a pod from the old template."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if (status := stateful_set.status()) is None:
            what = f"StatefulSet {stateful_set.namespace}/{stateful_set.name}"
            raise RolloutStoppedError(workload_exists.GONE.format(what=what, place=stateful_set.place))
        if status.observed:
            return status
        time.sleep(INTERVAL)
    raise RolloutStoppedError(
        f"the controller has not seen the last change of StatefulSet {stateful_set.name} for {TIMEOUT:.0f} s: "
        "no pod was replaced"
    )


def _work(olds: Properties, news: Properties) -> Work:
    stateful_set, names = StatefulSet(olds), olds["names"]
    if (status := stateful_set.status()) is None:
        return Work()
    changed = olds.get("version") not in (None, status.version)
    return Work(
        outdated=find(stateful_set, names, news["spec_hash"]),
        changed=changed,
        replicas=status.replicas,
        missing=[name for name in names[status.replicas :] if changed and name in news["names"]],
        silent=[
            f"{pod.name} ({pod.problem})" if pod.problem else pod.name
            for pod in stateful_set.pods(names).values()
            if pod.unready_for > SILENT
        ],
    )

"""ServerRollout: replaces outdated pods of the servers' StatefulSet, one at a time."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.consul.rollout import (
    LEADER_TIMEOUT,
    STOPPED,
    TIMEOUT,
    RolloutStoppedError,
    has_leader,
    wait_until_replaceable,
)
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.platforms.kubernetes.api.api_server import if_answered
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers import voters
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import INTERVAL, leave_raft, not_ready_reasons
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ServerGroup(TypedDict):
    """All servers of one StatefulSet."""

    names: Sequence[str]
    """Node names, by ordinal; the pods have the same names."""
    addresses: Sequence[str]
    """Where the program reaches each server's own HTTP API (consul/access.py), in the same order."""
    spec_hash: pulumi.Input[str]
    """Digest of the whole specification of a server's pod."""
    image: str
    """Only for the preview: the image of the servers,"""
    configuration: Mapping[str, str]
    """and their configuration, file name to content, without secrets."""


class ServerRolloutProvider(ConsulProvider):
    """The StatefulSet replaces no pod by itself (`OnDelete`): this deletes each when the others have a quorum."""

    compared = ("names", "spec_hash")

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether an earlier rollout left outdated pods."""
        return bool(if_answered(lambda: _outdated(StatefulSet(olds), olds["names"], news["spec_hash"])))

    def create(self, props: Properties) -> CreateResult:
        """Replace outdated pods that a failed update left. A new cluster has none, and Voters waits for it."""
        _replace_outdated(props)
        return CreateResult(props["stateful_set"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Replace outdated pods, followers first, and wait until all servers are voters."""
        _replace_outdated(news)
        voters.wait_for_all(news)
        return UpdateResult(news)


class ServerRollout(ProviderResource, module="consul-on-pulumi", name="ServerRollout"):
    """Exists when all servers have the specification of the StatefulSet; depends on the StatefulSet."""

    def __init__(self, name: str, server_group: ServerGroup, workload: Workload, opts: pulumi.ResourceOptions) -> None:
        """`workload` is the StatefulSet of the `server_group`."""
        super().__init__(ServerRolloutProvider(), name, {**server_group, **workload}, opts)


def _replace_outdated(props: Properties) -> None:
    servers, stateful_set, names = Servers(props["names"], props["addresses"]), StatefulSet(props), props["names"]
    _wait_for_controller(stateful_set)
    replaced: list[str] = []
    while outdated := _outdated(stateful_set, names, props["spec_hash"]):
        if again := [name for name in outdated if name in replaced]:
            raise RolloutStoppedError(
                f"{', '.join(again)} was replaced and still differs from the settings: somebody else changed the "
                "StatefulSet, so run `pulumi refresh` and `pulumi up`"
            )
        view = servers.view()
        down = [name for name, pod in outdated.items() if not pod.ready and not view.votes(name)]
        leaving = rollout.next_to_replace(list(outdated), down, view)
        order = [*(name for name in names if name not in outdated), leaving]
        order += [name for name in outdated if name != leaving]
        _replace(servers, stateful_set, order, outdated[leaving], down=leaving in down)
        replaced.append(leaving)


def _replace(servers: Servers, stateful_set: StatefulSet, order: list[str], pod: Pod, *, down: bool) -> None:
    leaving = pod.name
    view = servers.wait_for(has_leader, LEADER_TIMEOUT)
    if view and not down:
        wait_until_replaceable(servers, order, leaving)
        # The new pod has another address. The other agents refuse its name there for half a minute (memberlist,
        # DeadNodeReclaimTime) unless the old one left. A server whose loss would lose the quorum stays a voter.
        if not rollout.loses_quorum(leaving, view) and not leave_raft(servers, leaving):
            raise RolloutStoppedError(f"{leaving} did not leave Raft and was not replaced: run `pulumi up` again")
    stateful_set.delete_pod(leaving, pod.uid)
    if reasons := not_ready_reasons(servers, stateful_set, [leaving], {leaving: pod.uid}, led=view is not None):
        raise RolloutStoppedError(STOPPED.format(reason=reasons))


def _outdated(stateful_set: StatefulSet, names: Sequence[str], spec_hash: Any) -> dict[str, Pod]:
    """The pods that differ from what a new pod would be, by name, in the order of the ordinals."""
    status = stateful_set.status()
    if status is None:
        return {}
    return {
        name: pod
        for name, pod in stateful_set.pods(names).items()
        if pod.revision != status.revision or pod.spec_hash != spec_hash
    }


def _wait_for_controller(stateful_set: StatefulSet) -> None:
    """Before the controller has seen the last change, it would create a pod from the old template."""
    deadline = time.monotonic() + TIMEOUT
    while (status := stateful_set.status()) is None or not status.observed:
        if time.monotonic() > deadline:
            raise RolloutStoppedError(
                f"the controller has not seen the last change of StatefulSet {stateful_set.name} for {TIMEOUT:.0f} s: "
                "no pod was replaced"
            )
        time.sleep(INTERVAL)

"""ServerRollout: stands behind the servers' StatefulSet, and replaces outdated pods one at a time."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
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
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers import voters
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import INTERVAL, leave_raft, not_ready_reasons
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ServerGroup(TypedDict):
    """All servers of a cluster that one StatefulSet runs."""

    names: Sequence[str]
    """Node names, by ordinal; the pods are called the same."""
    addresses: Sequence[str]
    """Where the program reaches each server's own HTTP API (components/consul_on_pulumi/consul_on_pulumi/consul/access.py), in the same order."""
    spec_hash: pulumi.Input[str]
    """Digest of everything that a server's pod is made of."""
    image: str
    """The part of it that a preview shows, for people: what the servers run,"""
    configuration: Mapping[str, str]
    """and their configuration, file name to content, none of it secret."""


class ServerRolloutProvider(ConsulProvider):
    """The StatefulSet replaces no pod by itself (`OnDelete`): each goes when the others can do without it."""

    compared = ("names", "spec_hash")

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another description or another size, or pods that an earlier roll did not reach."""
        if self.differs(olds, news):
            return DiffResult(changes=True)
        try:
            return DiffResult(changes=bool(_outdated(StatefulSet(olds), olds["names"], news["spec_hash"])))
        except (RefusedError, UnreachableError):
            return DiffResult(changes=False)

    def create(self, props: Properties) -> CreateResult:
        """Replace pods that an update which failed left behind; at a birth there are none, and Voters waits for it."""
        _roll(props)
        return CreateResult(props["stateful_set"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Replace what is outdated, followers first, and wait for the votes of all."""
        _roll(news)
        voters.await_all(news)
        return UpdateResult(news)


class ServerRollout(ProviderResource, module="consul-on-pulumi", name="ServerRollout"):
    """What has to be done for servers to be what their StatefulSet says; depends on the StatefulSet."""

    def __init__(
        self, name: str, server_group: ServerGroup, workload: Workload, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`workload` is the StatefulSet that runs the `server_group`."""
        super().__init__(ServerRolloutProvider(), name, {**server_group, **workload}, opts)


def _roll(props: Properties) -> None:
    servers, pods, names = Servers(props["names"], props["addresses"]), StatefulSet(props), props["names"]
    _wait_for_controller(pods)
    replaced: list[str] = []
    while outdated := _outdated(pods, names, props["spec_hash"]):
        if again := [name for name in outdated if name in replaced]:
            raise RolloutStoppedError(
                f"{', '.join(again)} was replaced and is not what the settings say: somebody else changed the "
                "StatefulSet, so run `pulumi refresh` and `pulumi up`"
            )
        view = servers.look()
        down = [name for name, pod in outdated.items() if not pod.ready and not view.votes(name)]
        leaving = rollout.next_to_go(list(outdated), down, view)
        order = [*(name for name in names if name not in outdated), leaving]
        order += [name for name in outdated if name != leaving]
        _replace(servers, pods, order, outdated[leaving], lost=leaving in down)
        replaced.append(leaving)


def _replace(servers: Servers, pods: StatefulSet, order: list[str], pod: Pod, *, lost: bool) -> None:
    leaving = pod.name
    view = servers.until(has_leader, LEADER_TIMEOUT)
    if view and not lost:
        wait_until_replaceable(servers, order, leaving)
        # It returns at another address, and for half a minute the others would hold its name for the old one
        # (memberlist, DeadNodeReclaimTime), unless it took its leave. A server that nobody can replace stays a voter.
        if not rollout.loses_quorum(leaving, view) and not leave_raft(servers, leaving):
            raise RolloutStoppedError(f"{leaving} did not leave Raft and was not touched: run `pulumi up` again")
    pods.delete_pod(leaving, pod.uid)
    if hindered := not_ready_reasons(servers, pods, [leaving], {leaving: pod.uid}, led=view is not None):
        raise RolloutStoppedError(STOPPED.format(reason=hindered))


def _outdated(pods: StatefulSet, names: Sequence[str], spec_hash: Any) -> dict[str, Pod]:
    """The pods that are not what a new one would be, by name, in the order of the ordinals."""
    roll = pods.roll()
    if roll is None:
        return {}
    return {
        name: pod
        for name, pod in pods.pods(names).items()
        if pod.revision != roll.revision or pod.spec_hash != spec_hash
    }


def _wait_for_controller(pods: StatefulSet) -> None:
    """Before the controller has seen the last change, it would make a pod from what the StatefulSet said before."""
    deadline = time.monotonic() + TIMEOUT
    while (roll := pods.roll()) is None or not roll.settled:
        if time.monotonic() > deadline:
            raise RolloutStoppedError(
                f"the controller took no notice of StatefulSet {pods.name} within {TIMEOUT:.0f} s: no pod was touched"
            )
        time.sleep(INTERVAL)

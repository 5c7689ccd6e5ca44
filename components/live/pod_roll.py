"""PodRoll: stands behind the servers' StatefulSet, and replaces outdated pods one at a time."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.desired import rollout
from components.live import credentials, gate, voters
from components.live.api import RefusedError, UnreachableError
from components.live.pod_status import Pod
from components.live.pods import INTERVAL, departed, hindrances
from components.live.seat import STOPPED
from components.live.servers import Servers
from components.live.stateful_set import StatefulSet, Workload
from components.live.turn import PATIENCE, PATIENCE_LEADERLESS, Properties, RollStoppedError
from components.live.turn import servers as turn_servers

REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""


class Crew(TypedDict):
    """All servers of a cluster that one StatefulSet runs."""

    names: Sequence[str]
    """Node names, by ordinal; the pods are called the same."""
    addresses: Sequence[str]
    """Where the program reaches each server's own HTTP API (components/live/reach.py), in the same order."""
    definition: pulumi.Input[str]
    """Digest of everything that a server's pod is made of."""
    image: str
    """The part of it that a preview shows, for people: what the servers run,"""
    configuration: Mapping[str, str]
    """and their configuration, file name to content, none of it secret."""


class PodRollProvider(ResourceProvider):
    """The StatefulSet replaces no pod by itself (`OnDelete`): each goes when the others can do without it."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the token of the stack's configuration."""
        credentials.configure(req)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another description or another size, or pods that an earlier roll did not reach."""
        if any(olds.get(key) != news.get(key) for key in ("names", "definition", "revision")):
            return DiffResult(changes=True)
        try:
            return DiffResult(changes=bool(_outdated(StatefulSet(olds), olds["names"], news["definition"])))
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


class PodRoll(Resource, module="consul-on-pulumi", name="PodRoll"):
    """What has to be done for servers to be what their StatefulSet says; depends on the StatefulSet."""

    def __init__(self, name: str, crew: Crew, workload: Workload, opts: pulumi.ResourceOptions | None = None) -> None:
        """`workload` is the StatefulSet that runs the `crew`."""
        super().__init__(PodRollProvider(), name, {**crew, **workload, "revision": REVISION}, opts)


def _roll(props: Properties) -> None:
    servers, pods, names = turn_servers(props), StatefulSet(props), props["names"]
    _wait_for_controller(pods)
    replaced: list[str] = []
    while outdated := _outdated(pods, names, props["definition"]):
        if again := [name for name in outdated if name in replaced]:
            raise RollStoppedError(
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
    view = servers.until(lambda view: view.leader is not None, PATIENCE_LEADERLESS)
    if view and not lost:
        gate.open_for(servers, order, leaving)
        # It returns at another address, and for half a minute the others would hold its name for the old one
        # (memberlist, DeadNodeReclaimTime), unless it took its leave. A server that nobody can replace stays a voter.
        if not rollout.loses_quorum(leaving, view) and not departed(servers, leaving):
            raise RollStoppedError(f"{leaving} did not leave Raft and was not touched: run `pulumi up` again")
    pods.delete_pod(leaving, pod.uid)
    if hindered := hindrances(servers, pods, [leaving], {leaving: pod.uid}, led=view is not None):
        raise RollStoppedError(STOPPED.format(reason=hindered))


def _outdated(pods: StatefulSet, names: Sequence[str], definition: Any) -> dict[str, Pod]:
    """The pods that are not what a new one would be, by name, in the order of the ordinals."""
    roll = pods.roll()
    if roll is None:
        return {}
    return {
        name: pod
        for name, pod in pods.pods(names).items()
        if pod.revision != roll.revision or pod.definition != definition
    }


def _wait_for_controller(pods: StatefulSet) -> None:
    """Before the controller has seen the last change, it would make a pod from what the StatefulSet said before."""
    deadline = time.monotonic() + PATIENCE
    while (roll := pods.roll()) is None or not roll.settled:
        if time.monotonic() > deadline:
            raise RollStoppedError(
                f"the controller took no notice of StatefulSet {pods.name} within {PATIENCE:.0f} s: no pod was touched"
            )
        time.sleep(INTERVAL)

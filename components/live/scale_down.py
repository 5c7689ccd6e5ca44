"""ScaleDown: stands before the servers' StatefulSet. Servers that have to go leave Raft first, one at a time."""

import time
from typing import Any

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.desired import rollout
from components.live import credentials, gate
from components.live.api import RefusedError, UnreachableError
from components.live.pods import INTERVAL, PATIENCE, departed
from components.live.servers import Servers
from components.live.stateful_set import StatefulSet, Workload
from components.live.turn import PATIENCE_LEADERLESS, RollStoppedError

REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""
CLAIM = "data"
"""Name of the claim template; a claim is called `<template>-<pod>`."""

Properties = dict[str, Any]
"""`replicas`, `address` and the keys of a Workload, with `revision`."""


class ScaleDownProvider(ResourceProvider):
    """The controller would end all superfluous pods at once, and Raft would count them as lost."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the token of the stack's configuration."""
        credentials.configure(req)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another size, or more pods than wanted, whoever wanted those."""
        if any(olds.get(key) != news.get(key) for key in ("replicas", "address", "revision")):
            return DiffResult(changes=True)
        try:
            roll = StatefulSet(news).roll()
        except (RefusedError, UnreachableError):
            return DiffResult(changes=False)
        return DiffResult(changes=roll is not None and roll.replicas > news["replicas"])

    def create(self, props: Properties) -> CreateResult:
        """Nothing to do at the birth of a cluster; one that was found again may be too large."""
        _shrink(props)
        return CreateResult(props["stateful_set"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Let the servers with the highest ordinals leave, until there are as many as wanted."""
        _shrink(news)
        return UpdateResult(news)


class ScaleDown(Resource, module="consul-on-pulumi", name="ScaleDown"):
    """What the StatefulSet depends on, so that it finds the number of pods that it is told."""

    def __init__(
        self,
        name: str,
        replicas: int,
        address: str,
        workload: Workload,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`address` is where the program reaches the server `{pod}`, whatever its ordinal."""
        props = {"replicas": replicas, "address": address, **workload, "revision": REVISION}
        super().__init__(ScaleDownProvider(), name, props, opts)


def _shrink(props: Properties) -> None:
    pods, wanted = StatefulSet(props), int(props["replicas"])
    roll = pods.roll()
    for ordinal in reversed(range(wanted, int(roll.replicas) if roll else 0)):
        names = [f"{pods.name}-{each}" for each in range(ordinal + 1)]
        servers = Servers(names, [props["address"].format(pod=name) for name in names])
        _part_with(servers, pods, names)


def _part_with(servers: Servers, pods: StatefulSet, names: list[str]) -> None:
    """Let the last of `names` hand over and leave Raft, then end its pod and its claim."""
    *staying, leaving = names
    view = servers.until(lambda view: view.leader is not None, PATIENCE_LEADERLESS)
    if view is None or rollout.loses_quorum(leaving, view):
        raise RollStoppedError(f"without {leaving} the rest would have no quorum: mend the other servers first")
    gate.hand_over(servers, names, leaving, view)
    if leaving in view.seen and not departed(servers, leaving):
        raise RollStoppedError(f"{leaving} did not leave Raft and was not removed: run `pulumi up` again")
    pods.scale(len(staying))
    _wait_until_gone(pods, leaving)
    gate.forget(servers, leaving)


def _wait_until_gone(pods: StatefulSet, leaving: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while pods.pods([leaving]) or pods.claim(f"{CLAIM}-{leaving}"):
        if time.monotonic() > deadline:
            raise RollStoppedError(f"the pod or the claim of {leaving} did not end: run `pulumi up` again")
        time.sleep(INTERVAL)

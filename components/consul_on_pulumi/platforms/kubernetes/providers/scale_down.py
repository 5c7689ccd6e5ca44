"""ScaleDown: stands before the servers' StatefulSet. Servers that have to go leave Raft first, one at a time."""

import time

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import INTERVAL, TIMEOUT, leave_raft
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

CLAIM = "data"
"""Name of the claim template; a claim is called `<template>-<pod>`."""


class ScaleDownProvider(ConsulProvider):
    """The controller would end all superfluous pods at once, and Raft would count them as lost."""

    compared = ("replicas", "address")

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another size, or more pods than wanted, whoever wanted those."""
        if self.differs(olds, news):
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


class ScaleDown(ProviderResource, module="consul-on-pulumi", name="ScaleDown"):
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
        props = {"replicas": replicas, "address": address, **workload}
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
    view = rollout.require_quorum_without(servers, leaving)
    rollout.transfer_leadership(servers, names, leaving, view)
    if leaving in view.status and not leave_raft(servers, leaving):
        raise RolloutStoppedError(f"{leaving} did not leave Raft and was not removed: run `pulumi up` again")
    pods.scale(len(staying))
    _wait_until_gone(pods, leaving)
    rollout.remove_member(servers, leaving)


def _wait_until_gone(pods: StatefulSet, leaving: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while pods.pods([leaving]) or pods.claim(f"{CLAIM}-{leaving}"):
        if time.monotonic() > deadline:
            raise RolloutStoppedError(f"the pod or the claim of {leaving} did not end: run `pulumi up` again")
        time.sleep(INTERVAL)

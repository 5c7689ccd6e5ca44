"""RaftPeer: follows one server's container. It holds the rollout until the server votes, and removes it from Raft."""

import threading

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import STOPPED, TIMEOUT, RolloutStoppedError, has_leader
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.model.rollout import ClusterView, not_ready_reason
from consul_on_pulumi.platforms.docker.crash import CrashLoop
from consul_on_pulumi.platforms.docker.providers.voter_gate import RolloutStep, servers_of
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

_one_leaves = threading.Lock()
"""The state of a new cluster holds no order among its servers: they started at the same time."""


class RaftPeerProvider(ConsulProvider):
    """After a server was created or replaced: it is a voter at its address and has caught up."""

    compared = ("agent", "spec_hash")

    def create(self, props: Properties) -> CreateResult:
        """Wait for the server, unless the cluster is new and has no leader yet."""
        if servers_of(props).view().led:
            wait_until_voter(props)
        return CreateResult(props["server"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Wait for the server."""
        wait_until_voter(news)
        return UpdateResult(news)

    def delete(self, _id: str, props: Properties) -> None:
        """The cluster shrinks: the server hands over its leadership and leaves Raft before its container is removed."""
        with _one_leaves:
            _leave(props)


class RaftPeer(ProviderResource, module="consul-on-pulumi", name="RaftPeer"):
    """The gate of the next server depends on it."""

    server: pulumi.Output[str]
    agent: pulumi.Output[str]
    """The ID of the container that was waited for."""

    def __init__(self, name: str, step: RolloutStep, agent: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        """`step` names the server; `agent` is the ID of its container, so that a recreated one is waited for too."""
        super().__init__(RaftPeerProvider(), name, {**step, "agent": agent}, opts)


def _leave(props: Properties) -> None:
    servers, name = servers_of(props), props["server"]
    view = rollout.require_quorum_without(servers, name)
    rollout.transfer_leadership(servers, props["names"], name, view)
    servers.leave(name)
    if not servers.wait_for(lambda now: now.led and name not in now.peers, TIMEOUT):
        raise RolloutStoppedError(
            f"{name} did not leave Raft{servers.refused(name)} and was not removed: run `pulumi up` again"
        )


def wait_until_voter(props: Properties) -> None:
    """Wait until the `server` votes and has caught up. Raises RolloutStoppedError."""
    servers, name = servers_of(props), props["server"]
    crash_loop = CrashLoop(props["agent"], connection_of(props))

    def required(view: ClusterView) -> list[str]:
        if name not in view.status and (reason := crash_loop.reason()):
            raise RolloutStoppedError(STOPPED.format(reason=f"{name} {reason}"))
        return [name]

    if not servers.wait_for(lambda view: bool(required(view)) and has_leader(view), rollout.LEADER_TIMEOUT):
        now = servers.view()
        if name in now.status:
            # There is no majority yet: the next server of the rollout may complete it.
            return
        raise RolloutStoppedError(STOPPED.format(reason=not_ready_reason(name, now, index=0)))

    view, reasons = rollout.wait_until_ready(servers, required)
    if view is None:
        raise RolloutStoppedError(STOPPED.format(reason=reasons))

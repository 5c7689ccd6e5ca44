"""The order in which containers change: each server between its VoterGate and its RaftPeer, clients side by side."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.contract import AgentGroup, digest
from consul_on_pulumi.platforms.docker import containers
from consul_on_pulumi.platforms.docker.api.resources import DockerResource
from consul_on_pulumi.platforms.docker.providers.container_health import ContainerHealth
from consul_on_pulumi.platforms.docker.providers.raft_peer import RaftPeer, wait_until_voter
from consul_on_pulumi.platforms.docker.providers.voter_gate import RolloutStep, VoterGate
from consul_on_pulumi.resource_options import once_known, unchanged_unless, with_options


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContainer:
    """One agent whose container is not created yet."""

    name: str
    """Logical name of its container, and prefix of the names of its other resources."""
    volume: DockerResource
    is_new: pulumi.Output[bool]
    """Whether this very run creates it, which its volume tells: the state did not hold one."""
    spec: dict[str, Any]
    address: pulumi.Output[str]
    """Base URL of its HTTP API."""


def create_in_order(
    group: AgentGroup, agents: Sequence[AgentContainer], opts: pulumi.ResourceOptions
) -> tuple[list[pulumi.Resource], pulumi.Resource | None]:
    """Create the containers of one tier; returns the last resource of each agent, and of servers the first gate, which
    is deleted with the cluster alone.

    Servers change one after the other, clients a few at a time. The order is that of the registrations alone. If an
    output of one container were an input of the next, the engine would delete all later containers before it replaces
    the first (pulumi #2167); and a dependency in the state would make a deletion as slow as a change. All agents of a
    new cluster start at the same time: then no gate has anything to protect. New clients wait for no other client.
    """
    opts = with_options(opts, depends_on=list(group.after))
    at_once = 1 if group.role is Role.SERVER else group.at_once or math.ceil(len(agents) / 4)
    names = [naming.node(group.topology.cluster, group.role, ordinal) for ordinal in range(len(agents))]
    addresses = [agent.address for agent in agents]
    created: list[pulumi.Resource] = []
    previous: tuple[RaftPeer, DockerResource] | None = None
    first: VoterGate | None = None
    wave: pulumi.Output[Any] = pulumi.Output.from_input(None)
    for number, agent in enumerate(agents):
        if number % at_once == 0:
            # One for the whole wave: one for each of its agents would be as many as the square of the agents.
            # It also stands for the waves before: new clients in between have waited for none of them.
            before = pulumi.Output.all(wave, *(_unless_new(group, one) for one in created[-at_once:]))
            wave = before.apply(lambda _: None)
        spec_hash = digest(agent.spec)
        if group.role is Role.CLIENT:
            turn = once_known(agent.is_new.apply(partial(_unless, wave)))
            after = with_options(opts, depends_on=[agent.volume, turn])
            _, health = _container(agent, spec_hash, after, is_client=True)
            created.append(health)
            continue
        after = with_options(opts, depends_on=[agent.volume, once_known(wave)])
        step = RolloutStep(server=names[number], names=names, addresses=addresses, spec_hash=spec_hash)
        # The first server is never removed alone. With its gate the cluster is deleted, and no server has to leave Raft
        # first. Its volume would say less: `destroy --exclude-protected` keeps it.
        with_cluster = with_options(after, deleted_with=first) if first else after
        gate = VoterGate(f"{agent.name}-gate", step, bool(group.protect), with_cluster)
        first = first or gate
        unless_passed = unchanged_unless(agent.name, partial(_passed, group, gate, step, previous))
        after_gate = pulumi.ResourceOptions.merge(with_options(after, depends_on=[gate]), unless_passed)
        container, health = _container(agent, spec_hash, after_gate, is_client=False)
        after_health = with_options(after, depends_on=[container, health], deleted_with=first)
        previous = RaftPeer(f"{agent.name}-peer", step, container.id, after_health), container
        created.append(previous[0])
    return created, first


def _container(
    agent: AgentContainer, spec_hash: pulumi.Input[str], opts: pulumi.ResourceOptions, *, is_client: bool
) -> tuple[DockerResource, ContainerHealth]:
    container = containers.create(agent.name, agent.spec, spec_hash, opts)
    after = with_options(opts, depends_on=[container])
    waits_for = container.id if is_client else None
    return container, ContainerHealth(f"{agent.name}-health", agent.spec, agent.address, waits_for, after)


def _unless_new(group: AgentGroup, before: pulumi.Resource) -> pulumi.Output[Any]:
    """Known when `before` exists, but at once if this run creates the cluster."""
    return group.is_new.apply(lambda new: None if new else before.urn) if group.is_new else before.urn


def _unless(others: pulumi.Output[Any], is_new: bool) -> pulumi.Output[Any] | None:
    return None if is_new else others


async def _passed(
    group: AgentGroup, gate: VoterGate, step: RolloutStep, before: tuple[RaftPeer, DockerResource] | None
) -> bool:
    """Whether the container of a server may change: `--target`, `--exclude` and `--replace` pass no gate."""
    # The servers of a new cluster wait for each other: none votes alone.
    is_new = group.is_new and await group.is_new.future()
    if before and not is_new and not pulumi.runtime.is_dry_run():
        peer, container = before
        agent, wanted = await pulumi.Output.all(peer.agent, container.id).future() or (None, None)
        if agent and agent != wanted:
            # The server before was replaced and its RaftPeer left out.
            props = {"server": peer.server, "names": step["names"], "addresses": step["addresses"], "agent": wanted}
            await asyncio.to_thread(wait_until_voter, await pulumi.Output.from_input(props).future() or {})
    hashes = await pulumi.Output.all(gate.spec_hash, step["spec_hash"]).future()
    # A preview may not know the hashes yet.
    return not hashes or hashes[0] == hashes[1]

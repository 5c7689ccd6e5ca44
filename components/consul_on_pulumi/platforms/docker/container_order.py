"""The order in which containers change: one after the other, each server between its VoterGate and its RaftPeer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
import pulumi_docker as docker

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.contract import AgentGroup, digest
from consul_on_pulumi.platforms.docker import containers
from consul_on_pulumi.platforms.docker.providers.container_health import ContainerHealth
from consul_on_pulumi.platforms.docker.providers.raft_peer import RaftPeer, wait_until_voter
from consul_on_pulumi.platforms.docker.providers.voter_gate import RolloutStep, VoterGate
from consul_on_pulumi.resource_options import unchanged_unless, with_options


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContainer:
    """One agent whose container is not created yet."""

    name: str
    """Logical name of its container, and prefix of the names of its other resources."""
    volume: docker.Volume
    spec: dict[str, Any]
    address: pulumi.Output[str]
    """Base URL of its HTTP API."""


def create_in_order(
    group: AgentGroup, agents: Sequence[AgentContainer], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Create each container after the one before it; returns the last resource of each agent.

    Only `depends_on` makes the order. If an output of one container were an input of the next, the engine would delete
    all later containers before it replaces the first (pulumi #2167).
    """
    created: list[pulumi.Resource] = []
    before: tuple[RaftPeer, docker.Container] | None = None
    names = [naming.node(group.topology.cluster, group.role, ordinal) for ordinal in range(len(agents))]
    addresses = [agent.address for agent in agents]
    for server, agent in zip(names, agents, strict=True):
        after = with_options(opts, depends_on=[agent.volume, *created[-1:]])
        spec_hash = digest(agent.spec)
        step = RolloutStep(server=server, names=names, addresses=addresses, spec_hash=spec_hash)
        # Deleting the first server's data deletes the cluster, and then no server has to leave Raft first.
        with_cluster = with_options(after, deleted_with=agents[0].volume)
        gates = [VoterGate(f"{agent.name}-gate", step, with_cluster)] if group.role is Role.SERVER else []
        after_gate = with_options(after, depends_on=gates)
        for gate in gates:
            turn = unchanged_unless(agent.name, partial(_passed, gate, step, before))
            after_gate = pulumi.ResourceOptions.merge(after_gate, turn)
        container = containers.create(agent.name, agent.spec, spec_hash, after_gate)
        after_container = with_options(after, depends_on=[container])
        waits_for = container.id if group.role is Role.CLIENT else None
        health = ContainerHealth(f"{agent.name}-health", agent.spec, agent.address, waits_for, after_container)
        if group.role is Role.CLIENT:
            created.append(health)
        else:
            after_health = with_options(with_cluster, depends_on=[container, health])
            before = RaftPeer(f"{agent.name}-peer", step, container.id, after_health), container
            created.append(before[0])
    return created


async def _passed(gate: VoterGate, step: RolloutStep, before: tuple[RaftPeer, docker.Container] | None) -> bool:
    """Whether the container of a server may change: `--target`, `--exclude` and `--replace` pass no gate."""
    if before and not pulumi.runtime.is_dry_run():
        peer, container = before
        agent, wanted = await pulumi.Output.all(peer.agent, container.id).future() or (None, None)
        if agent and agent != wanted:
            # The server before was replaced and its RaftPeer left out.
            props = {"server": peer.server, "names": step["names"], "addresses": step["addresses"], "agent": wanted}
            await asyncio.to_thread(wait_until_voter, await pulumi.Output.from_input(props).future() or {})
    hashes = await pulumi.Output.all(gate.spec_hash, step["spec_hash"]).future()
    # A preview may not know the hashes yet.
    return not hashes or hashes[0] == hashes[1]

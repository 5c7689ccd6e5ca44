"""The order in which containers change: one after the other, each server between its VoterGate and its RaftPeer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.platforms.docker import containers
from consul_on_pulumi.platforms.docker.providers.container_health import ContainerHealth
from consul_on_pulumi.platforms.docker.providers.raft_peer import RaftPeer
from consul_on_pulumi.platforms.docker.providers.voter_gate import RolloutStep, VoterGate
from consul_on_pulumi.platforms.spec_hash import digest
from consul_on_pulumi.resource_options import with_options


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
    for ordinal, agent in enumerate(agents):
        create = _server if group.role is Role.SERVER else _client
        created.append(create(group, agents, ordinal, with_options(opts, depends_on=[agent.volume, *created[-1:]])))
    return created


def _client(
    _group: AgentGroup, agents: Sequence[AgentContainer], ordinal: int, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    agent = agents[ordinal]
    container = containers.create(agent.name, agent.spec, digest(agent.spec), opts)
    return ContainerHealth(
        f"{agent.name}-health", agent.spec, agent.address, with_options(opts, depends_on=[container])
    )


def _server(
    group: AgentGroup, agents: Sequence[AgentContainer], ordinal: int, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    agent = agents[ordinal]
    names = [naming.node(group.topology.cluster, group.role, other) for other in range(len(agents))]
    addresses, spec_hash = [other.address for other in agents], digest(agent.spec)
    step = RolloutStep(server=names[ordinal], names=names, addresses=addresses, spec_hash=spec_hash)
    # Deleting the first server's data deletes the cluster, and then no server has to leave Raft first.
    gate = VoterGate(f"{agent.name}-gate", step, with_options(opts, deleted_with=agents[0].volume))
    container = containers.create(agent.name, agent.spec, spec_hash, with_options(opts, depends_on=[gate]))
    health = ContainerHealth(
        f"{agent.name}-health", agent.spec, agent.address, with_options(opts, depends_on=[container])
    )
    after = with_options(opts, depends_on=[container, health], deleted_with=agents[0].volume)
    return RaftPeer(f"{agent.name}-peer", step, container.id, after)

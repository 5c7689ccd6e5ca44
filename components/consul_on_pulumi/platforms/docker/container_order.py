"""The order in which containers come and go: one after the other, each server between its gate and its seat."""

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
from consul_on_pulumi.platforms.docker.providers.rollout_step import RolloutStep
from consul_on_pulumi.platforms.docker.providers.voter_gate import VoterGate
from consul_on_pulumi.platforms.spec_hash import digest
from consul_on_pulumi.resource_options import with_options


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContainer:
    """One agent, ready to be made."""

    name: str
    """Logical name of its container, and prefix of what belongs to it."""
    volume: docker.Volume
    spec: dict[str, Any]
    address: pulumi.Output[str]
    """Base URL of its HTTP API."""


def create_in_order(
    group: AgentGroup, links: Sequence[AgentContainer], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Make every container after the one before it, and return what tells that all are there.

    The order is made of `depends_on` alone. A property that led from one container to the next would make the engine
    delete all that follow before it replaces the first (pulumi #2167).
    """
    made: list[pulumi.Resource] = []
    for ordinal, link in enumerate(links):
        make = _server if group.role is Role.SERVER else _client
        made.append(make(group, links, ordinal, with_options(opts, depends_on=[link.volume, *made[-1:]])))
    return made


def _client(
    _group: AgentGroup, links: Sequence[AgentContainer], ordinal: int, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    link = links[ordinal]
    container = containers.create(link.name, link.spec, digest(link.spec), opts)
    return _health(link, with_options(opts, depends_on=[container]))


def _server(
    group: AgentGroup, links: Sequence[AgentContainer], ordinal: int, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    link = links[ordinal]
    names = [naming.node(group.topology.cluster, group.role, other) for other in range(len(links))]
    marked = digest(link.spec)
    step = RolloutStep(
        server=names[ordinal],
        names=names,
        addresses=[other.address for other in links],
        spec_hash=marked,
    )
    # With the first server's data the cluster itself goes, and then nobody has to leave it in good order.
    gate = VoterGate(f"{link.name}-gate", step, with_options(opts, deleted_with=links[0].volume))
    container = containers.create(link.name, link.spec, marked, with_options(opts, depends_on=[gate]))
    health = _health(link, with_options(opts, depends_on=[container]))
    after = with_options(opts, depends_on=[container, health], deleted_with=links[0].volume)
    return RaftPeer(f"{link.name}-peer", step, container.id, after)


def _health(link: AgentContainer, opts: pulumi.ResourceOptions) -> ContainerHealth:
    (attachment,) = link.spec["networks_advanced"]
    return ContainerHealth(
        f"{link.name}-health",
        link.spec["name"],
        attachment["name"],
        attachment["ipv4_address"],
        attachment["aliases"],
        link.address,
        opts,
    )

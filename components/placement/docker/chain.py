"""The order in which containers come and go: one after the other, each server between its gate and its seat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from components.desired import naming
from components.desired.topology import Role
from components.live.gate import VoterGate
from components.live.seat import RaftSeat
from components.live.turn import Turn
from components.live.upkeep import Upkeep
from components.placement.contract import AgentGroup
from components.placement.definition import digest
from components.placement.docker import containers
from components.placement.options import with_


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One agent, ready to be made."""

    name: str
    """Logical name of its container, and prefix of what belongs to it."""
    volume: docker.Volume
    made_of: dict[str, Any]
    address: pulumi.Output[str]
    """Base URL of its HTTP API."""


def forge(group: AgentGroup, links: Sequence[Link], opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Make every container after the one before it, and return what tells that all are there.

    The order is made of `depends_on` alone. A property that led from one container to the next would make the engine
    delete all that follow before it replaces the first (pulumi #2167).
    """
    made: list[pulumi.Resource] = []
    for ordinal, link in enumerate(links):
        make = _server if group.role is Role.SERVER else _client
        made.append(make(group, links, ordinal, with_(opts, depends_on=[link.volume, *made[-1:]])))
    return made


def _client(_group: AgentGroup, links: Sequence[Link], ordinal: int, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    link = links[ordinal]
    container = containers.create(link.name, link.made_of, digest(link.made_of), opts)
    return _upkeep(link, with_(opts, depends_on=[container]))


def _server(group: AgentGroup, links: Sequence[Link], ordinal: int, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    link = links[ordinal]
    names = [naming.node(group.topology.cluster, group.role, other) for other in range(len(links))]
    marked = digest(link.made_of)
    turn = Turn(
        server=names[ordinal],
        names=names,
        addresses=[other.address for other in links],
        definition=marked,
    )
    # With the first server's data the cluster itself goes, and then nobody has to leave it in good order.
    gate = VoterGate(f"{link.name}-gate", turn, with_(opts, deleted_with=links[0].volume))
    container = containers.create(link.name, link.made_of, marked, with_(opts, depends_on=[gate]))
    upkeep = _upkeep(link, with_(opts, depends_on=[container]))
    seat = with_(opts, depends_on=[container, upkeep], deleted_with=links[0].volume)
    return RaftSeat(f"{link.name}-seat", turn, container.id, seat)


def _upkeep(link: Link, opts: pulumi.ResourceOptions) -> Upkeep:
    (attachment,) = link.made_of["networks_advanced"]
    return Upkeep(
        f"{link.name}-upkeep",
        link.made_of["name"],
        attachment["name"],
        attachment["ipv4_address"],
        attachment["aliases"],
        link.address,
        opts,
    )

"""What the components ask of a backend, and what it answers. Docker and Kubernetes look the same from here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from consul_on_pulumi.model.agent import Document, PlatformTraits
from consul_on_pulumi.model.topology import Role, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGroup:
    """The agents of one role, described but not yet placed."""

    topology: Topology
    role: Role
    image: str
    """The Consul image, by exact version or digest."""
    document: Document
    """The configuration that all of them share; plain, so that a preview shows its difference."""
    bootstrap_expect: pulumi.Input[int] | None = None
    """For servers: how many must meet before the first election."""
    cluster_id: pulumi.Input[str] | None = None
    """What is found with this mark is of this cluster and no other."""
    wait_for: Sequence[pulumi.Resource] = ()
    """What has to exist for these agents to do their work; they may be started before it."""
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """File name to secret text. A backend delivers each as a file in `secret_files.DIRECTORY` that only the agent may
    read; documents among them Consul merges with the plain one, of which they are never part. What is told of an agent
    in plain (its definition, say) may depend on a name that was drawn for them, never on what they hold: a digest of a
    short secret gives it away."""

    @property
    def count(self) -> int:
        """How many agents there are in this group."""
        return self.topology.servers if self.role is Role.SERVER else self.topology.clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where the agents of a group are reached, and what stands for them."""

    consul_access: Sequence[pulumi.Input[str]]
    """Where the program itself reaches each server's own HTTP API (components/consul_on_pulumi/consul_on_pulumi/consul/access.py); holds no credentials."""
    http_addresses: Sequence[pulumi.Input[str]]
    """Base URLs of the HTTP API, for users."""
    ui_addresses: Sequence[pulumi.Input[str]]
    """Base URLs at which a browser finds the UI, if the agents serve one."""
    dns_addresses: Sequence[pulumi.Input[str]]
    """`host:port` of the DNS interface, UDP and TCP."""
    updated: Sequence[pulumi.Resource]
    """Exist when no agent is left that was here before a change: what must not come before it depends on these."""
    ready: Sequence[pulumi.Resource]
    """Exist when the agents do their work: what needs running agents depends on these."""
    data: pulumi.Resource | None
    """Lives as long as what the agents store; no rolling change replaces it."""


NOTHING = Placed(
    consul_access=[], http_addresses=[], ui_addresses=[], dns_addresses=[], updated=[], ready=[], data=None
)
"""A group without agents, placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedResources:
    """What all tiers of a cluster stand on."""

    platform: dict[str, Any]
    """The placement args of a tier on it."""
    opts: pulumi.ResourceOptions = field(default_factory=pulumi.ResourceOptions)
    """What a tier on it is to be given: what it waits for, and its providers."""


class Platform(Protocol):
    """One backend with its settings."""

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Why this topology cannot be placed here, a line each that starts with `path`."""

    def fixed(self) -> Mapping[str, str]:
        """The settings, by their paths below `platform`, that no living cluster survives a change of."""

    def traits(self) -> PlatformTraits:
        """What an agent's description depends on."""

    def shared_resources(
        self, name: str, topology: Topology, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> SharedResources:
        """Make what all tiers of a cluster stand on, bearing `cluster_id`."""

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """Place the agents of `group` on existing ground; children are named `<name>-<what they are>`."""

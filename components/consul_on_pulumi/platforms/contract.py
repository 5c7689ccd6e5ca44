"""What the components ask of a platform, and what it returns. Docker and Kubernetes look the same from here.

A platform is a folder beside this module. Its module `platform` has `create(settings) -> Platform`; its module
`review` explains previews; its module `operations` serves the commands and finds data; `consul_access` provides an HTTP
adapter if the platform has addresses of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from consul_on_pulumi.model import closed, naming
from consul_on_pulumi.model.adoption import INSIST, OPEN
from consul_on_pulumi.model.agent import Document, PlatformTraits
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.outputs import lifted
from consul_on_pulumi.providers.consul_version import ConsulVersion, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGroup:
    """The agents of one role."""

    topology: Topology
    role: Role
    image: pulumi.Input[str]
    """The Consul image, by exact version or digest."""
    document: Document
    """The configuration that all of them share; not secret, so that a preview shows its difference."""
    bootstrap_expect: pulumi.Input[int] | None = None
    """For servers: how many must join before the first election."""
    join: Sequence[pulumi.Input[str]] = ()
    """Servers of a cluster that exists already: these agents join it."""
    cluster_id: pulumi.Input[str] | None = None
    """Identifies the objects of this cluster: no other cluster has it, whatever its name."""
    release: Wanted | None = None
    """For servers: the release that they are to run. The platform registers it as ConsulVersion, and no server changes
    before."""
    after: Sequence[pulumi.Resource] = ()
    """No agent of this group changes before these."""
    is_new: pulumi.Output[bool] | None = None
    """Whether this run creates the cluster. Then nothing can be lost, and all agents start at the same time."""
    at_once: int | None = None
    """For clients: how many may change at the same time. None for a quarter."""
    protect: bool | None = None
    """For servers: the resource option of what holds their data."""
    wait_for: Sequence[pulumi.Resource] = ()
    """What these agents need in order to work; they may be started before it."""
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """File name to secret text. A platform delivers each as a file in `secret_files.DIRECTORY` that only the agent can
    read. Nothing that is not secret may be derived from the texts: a hash of a short secret reveals it."""

    live: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """The same, of files that are replaced in place: agents load them again, and are not replaced for them."""
    restart: str = ""
    """Agents are replaced where this changes."""
    phase: str = OPEN
    """How far the agents are closed (model/adoption.py)."""
    certificate_secret: pulumi.Input[str] | None = None
    """The object with the certificate of these agents, if a controller of the platform issues it."""
    plain_http: bool = True
    """Whether they speak plain HTTP to others than themselves."""

    @property
    def is_closed(self) -> bool:
        """Whether the agents have certificates and ACLs (model/closed.py)."""
        return self.phase != OPEN

    @property
    def insists(self) -> bool:
        """Whether they answer nobody without certificate or token."""
        return self.phase == INSIST

    def own_document(self, ordinal: int) -> Document:
        """The configuration that one server has besides."""
        if not self.is_closed or self.role is not Role.SERVER:
            return {}
        return closed.certificate(self.role, ordinal, issued=self.certificate_secret is not None)

    @property
    def count(self) -> int:
        """How many agents there are in this group."""
        return self.topology.servers if self.role is Role.SERVER else self.topology.clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The agents of a group on a platform: their addresses, and the resources that others depend on."""

    api_addresses: Sequence[pulumi.Input[str]] = ()
    """Where the program reaches each server's own HTTP API (consul/access.py). They hold no credentials."""
    http_addresses: Sequence[pulumi.Input[str]] = ()
    """Base URLs of the HTTP API, for users."""
    ui_addresses: Sequence[pulumi.Input[str]] = ()
    """Base URLs of the UI, if the agents serve one."""
    dns_addresses: Sequence[pulumi.Input[str]] = ()
    """`host:port` of the DNS interface, UDP and TCP."""
    updated: Sequence[pulumi.Resource] = ()
    """Exist when every agent that was there before runs the new specification."""
    ready: Sequence[pulumi.Resource] = ()
    """Exist when all agents work."""
    reloaded: Sequence[pulumi.Resource] = ()
    """Exist when all agents have loaded their `live` files."""
    version: ConsulVersion | None = None
    """The release of the servers."""
    data: pulumi.Resource | None = None
    """Is deleted together with what the agents store; no rollout replaces it."""
    store: pulumi.Input[str] | None = None
    """Identifies what holds the servers' data, where somebody may delete it: another one starts empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedResources:
    """What all tiers of a cluster share: a network or a namespace."""

    platform: dict[str, Any]
    """The platform settings of a tier that uses them."""
    opts: pulumi.ResourceOptions = field(default_factory=pulumi.ResourceOptions)
    """The options of such a tier: what it depends on, and its provider."""


def release_of(
    name: str, group: AgentGroup, addresses: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> ConsulVersion | None:
    """Register the release of the servers, whose own HTTP APIs have these addresses; None for clients."""
    if group.release is None:
        return None
    wanted = Wanted(**{**group.release, "image": group.image})
    names = [naming.node(group.topology.cluster, group.role, ordinal) for ordinal in range(group.count)]
    return ConsulVersion(f"{name}-version", wanted, names, addresses, opts)


class Platform(Protocol):
    """One platform with its settings."""

    shared: str
    """The setting that names existing shared resources: `network`, `namespace`."""
    max_configuration: int
    """The most bytes of the agent configuration in the settings."""

    def connection(self, component: pulumi.Resource) -> Mapping[str, pulumi.Input[Any]]:
        """The parts of a connection that the provider of this component says; none where the environment alone does.

        Raises pulumi.RunError for a provider that does not show where its cluster is.
        """

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Why this topology cannot run here. Each message starts with `path`, the path of the platform's settings."""

    def requests_from(self) -> str | None:
        """The address from which the program's requests reach an agent, if it is known."""

    def fixed_settings(self) -> Mapping[str, pulumi.Input[str]]:
        """The settings that must not change while the cluster exists, by their paths below `platform`."""

    def location(self, topology: Topology) -> Mapping[str, pulumi.Input[str]]:
        """Where the data of a cluster is: the name of the `platform`, and what `operations.data` of it needs."""

    def certificate_names(self, topology: Topology, role: Role, ordinal: int) -> Sequence[pulumi.Input[str]]:
        """The DNS names and IP addresses by which others reach one agent; all clients share one certificate."""

    def certificate_secrets(self) -> Mapping[Role, pulumi.Input[str]]:
        """The objects with certificates that a controller of the platform issues and renews, by the role of agents."""

    def asked_names(self) -> Sequence[str]:
        """The names and addresses by which this program looks for every agent in its certificate."""

    def traits(self) -> PlatformTraits:
        """What the agents' configuration depends on."""

    def shared_resources(
        self, name: str, topology: Topology, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> SharedResources:
        """Create what all tiers of a cluster share."""

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """Create the agents of `group` on existing shared resources; their logical names begin with `name`."""


def digest(spec: Mapping[str, Any]) -> pulumi.Output[str]:
    """The digest of all that a container or pod is created from: with another one, it has to be replaced."""
    return pulumi.Output.from_input(lifted(naming.digest_of, spec))

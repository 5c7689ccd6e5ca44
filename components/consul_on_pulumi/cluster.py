"""ConsulCluster: the servers, the clients and the seeds of one datacenter."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pulumi

from consul_on_pulumi.client import ConsulClient
from consul_on_pulumi.consul.api import leader_now
from consul_on_pulumi.membership import Membership, connect, for_component, identify
from consul_on_pulumi.model import adoption, agent, naming
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.model.topology import Role, Topology, failure_tolerance, quorum
from consul_on_pulumi.platforms.choose import choose
from consul_on_pulumi.providers import connecting
from consul_on_pulumi.providers.autopilot import Autopilot
from consul_on_pulumi.resource_options import for_children, protects, with_options
from consul_on_pulumi.run import mocks, registrations_first
from consul_on_pulumi.schema.component_inputs import component_inputs
from consul_on_pulumi.security.closing import Closing, close, retire
from consul_on_pulumi.security.credentials import MANAGEMENT
from consul_on_pulumi.seeds import seeding
from consul_on_pulumi.server import ConsulServer
from consul_on_pulumi.settings import refusals
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from consul_on_pulumi.settings.tier_args import ConsulClientArgs, ConsulServerArgs

LEADER_TIMEOUT_UPDATE = 10.0
"""Seconds for an election that is in progress when an update asks for the leader."""
LEADER_TIMEOUT_PREVIEW = 2.0
"""The same in a preview, which a cluster that is down must not delay."""


class ConsulCluster(pulumi.ComponentResource):
    """One Consul datacenter: its network or namespace, its servers and clients, and its seeded KV entries."""

    ui_urls: pulumi.Output[list[str]]
    """The web UI of every server, then of each client that has one."""
    http_addresses: pulumi.Output[list[str]]
    """Base URL of every agent's HTTP API, servers first."""
    leader_address: pulumi.Output[str | None]
    """Raft address of the leader when this program last ran. A leader may change at any time: do not pass it on."""
    servers: pulumi.Output[list[str]]
    """Consul node name of every server."""
    datacenter: pulumi.Output[str]
    """The Consul datacenter."""
    dns_addresses: pulumi.Output[list[str]]
    """`host:port` of every agent's DNS interface, UDP and TCP, servers first."""
    management_token: pulumi.Output[str | None]
    """With `security`: the ACL token that may do everything, for people. A secret."""
    authority: pulumi.Output[str | None]
    """With `security`: the certificate of the authority that signs those of the agents, as PEM."""
    upgrade_snapshot: pulumi.Output[str | None]
    """The snapshot before the last upgrade, if one was taken: its path on the machine that did the upgrade."""

    def __init__(self, name: str, args: ConsulClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises pulumi.RunError with every problem of `args` before anything is registered."""
        named = {"name": f"{name}-{pulumi.get_stack()}", **args} if isinstance(args, Mapping) else args
        accepted, seeds = refusals.cluster_args(named)
        security, join = accepted["security"], accepted.get("join", [])
        inputs = component_inputs(accepted, ConsulClusterArgs)
        if not security["enabled"]:
            # An open cluster has the inputs that it had before there was the setting.
            del inputs["security"]
        super().__init__("consul-on-pulumi:index:ConsulCluster", name, inputs, for_component(opts))
        registrations_first()
        refusals.warn_if_release_is_unchecked(accepted, self)
        topology = Topology(
            cluster=accepted["name"],
            datacenter=accepted["datacenter"],
            servers=accepted["servers"],
            clients=accepted["clients"],
        )
        platform = choose(accepted["platform"])
        connect(self, topology.cluster, accepted, platform)
        children = for_children(self, opts)
        closing = close(
            name,
            self,
            topology,
            security,
            platform.location(topology),
            accepted["security_secrets"],
            platform.certificate_secrets(),
            children,
        )
        identity = identify(
            name, topology, platform, "cluster", children, phase=(phase := adoption.phase(security)), join=join
        )
        children = with_options(children, depends_on=[identity])
        protect = protects(accepted, opts)
        shared_opts = with_options(children, protect=protect) if protect else children
        shared = platform.shared_resources(name, topology, identity.cluster_id, shared_opts)
        children = pulumi.ResourceOptions.merge(children, shared.opts)
        membership = Membership(
            component=name, cluster=self, clients=topology.clients, identity=identity, closing=closing, join=join
        )
        servers = ConsulServer(
            f"{name}-server",
            _server_args(accepted, topology, shared.platform, protect=bool(protect)),
            children,
            _membership=membership,
        )
        # What is stored is deleted with the data, so no server is asked for deletions while all of them stop.
        on_servers = pulumi.ResourceOptions(
            parent=self, depends_on=servers.ready, deleted_with=servers.data, protect=children.protect
        )
        ready = servers.ready
        if closing:
            keys = seeding.keys(seeds)
            ready = [
                closing.admit(topology.cluster, keys, servers.api_addresses, on_servers, servers.store, join=bool(join))
            ]
            on_servers = with_options(on_servers, depends_on=ready)
        # No client is to have a token that the servers do not know: an open cluster has none.
        updated = ready if phase in (adoption.ACCEPT, adoption.SPEAK) else servers.updated
        clients = ConsulClient(
            f"{name}-client",
            _client_args(accepted, topology, shared.platform),
            children,
            _membership=replace(membership, servers_updated=updated, servers_ready=ready),
        )
        reloaded = [*servers.reloaded, *clients.reloaded]
        retire(closing, servers.api_addresses, with_options(on_servers, depends_on=reloaded))
        Autopilot(f"{name}-autopilot", servers.api_addresses, quorum(topology.servers), on_servers, servers.store)
        seeded = seeding.create(
            seeds,
            accepted | {"protect": protect},
            name,
            servers.api_addresses,
            identity.cluster_id,
            on_servers,
            servers.store,
        )
        if failure_tolerance(topology.servers) == 0:
            pulumi.log.warn("one server tolerates no failure and may lose data: set servers to 3", self)
        self._expose(topology, servers, clients, closing, seeded)

    def _expose(
        self,
        topology: Topology,
        servers: ConsulServer,
        clients: ConsulClient,
        closing: Closing | None,
        seeded: Sequence[pulumi.CustomResource],
    ) -> None:
        """Set the outputs, and register all but the leader, who is asked for when the seeds are written."""
        self.ui_urls = _joined(servers.ui_urls, clients.ui_urls)
        self.http_addresses = _joined(servers.http_addresses, clients.http_addresses)
        self.dns_addresses = _joined(servers.dns_addresses, clients.dns_addresses)
        # Mocks have no cluster, and in a preview nothing that is generated.
        where = pulumi.Output.from_input(Connection()) if mocks() else pulumi.Output.unsecret(connecting.of(self))
        self.leader_address = pulumi.Output.all(servers.api_addresses, where, *(one.id for one in seeded)).apply(
            lambda known: _leader(known[0], known[1])
        )
        self.servers = pulumi.Output.from_input(
            [naming.node(topology.cluster, Role.SERVER, ordinal) for ordinal in range(topology.servers)]
        )
        nothing = pulumi.Output.from_input(None)
        self.management_token = closing.credentials.tokens[MANAGEMENT] if closing else nothing
        self.authority = closing.trusted if closing else nothing
        self.upgrade_snapshot = servers.upgrade_snapshot
        self.datacenter = pulumi.Output.from_input(topology.datacenter)
        outputs = (
            *("ui_urls", "http_addresses", "servers", "datacenter", "dns_addresses", "upgrade_snapshot"),
            *("management_token", "authority"),
        )
        self.register_outputs({output: getattr(self, output) for output in outputs})


def _leader(addresses: list[str], connection: Connection) -> str | None:
    """The leader now. Mocks have no cluster; those of `consul_on_pulumi.testing` say who leads."""
    if answers := mocks():
        return getattr(answers, "leader_address", None)
    timeout = LEADER_TIMEOUT_PREVIEW if pulumi.runtime.is_dry_run() else LEADER_TIMEOUT_UPDATE
    return leader_now(addresses, connection, timeout)


def _server_args(args: Mapping[str, Any], topology: Topology, platform: Any, *, protect: bool) -> ConsulServerArgs:
    own = {"replicas": topology.servers, "protect": protect}
    return cast(ConsulServerArgs, _tier_args(args, topology, platform, "server", "snapshot_before_upgrade") | own)


def _client_args(args: Mapping[str, Any], topology: Topology, platform: Any) -> ConsulClientArgs:
    own = {"replicas": topology.clients, "servers": topology.servers}
    return cast(ConsulClientArgs, _tier_args(args, topology, platform, "client", "clients_at_once") | own)


def _tier_args(args: Mapping[str, Any], topology: Topology, platform: Any, tier: str, only: str) -> dict[str, Any]:
    """What both tiers have, and the setting that `only` this tier has. The configuration and the secret files of every
    agent come first, then those of this tier."""
    return {
        "platform": platform,
        "cluster": topology.cluster,
        "datacenter": topology.datacenter,
        "agent_config": agent.merge(args["agent_config"], args[f"{tier}_config"]),
        "agent_secrets": args["agent_secrets"] | args[f"{tier}_secrets"],
        **{name: args[name] for name in ("image", "consul_version", only) if name in args},
    }


def _joined(one: pulumi.Output[list[str]], other: pulumi.Output[list[str]]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(one, other).apply(lambda lists: [*lists[0], *lists[1]])

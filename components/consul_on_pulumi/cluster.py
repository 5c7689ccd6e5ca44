"""ConsulCluster: the servers, the clients and the seeds of one datacenter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, cast

import pulumi

from consul_on_pulumi import resource_options
from consul_on_pulumi.client import ConsulClient
from consul_on_pulumi.consul.api import leader_now
from consul_on_pulumi.model import agent, naming
from consul_on_pulumi.model.topology import Role, Topology, failure_tolerance, min_quorum
from consul_on_pulumi.platforms.choose import PlatformArgs, choose
from consul_on_pulumi.providers.autopilot import Autopilot
from consul_on_pulumi.providers.cluster_identity import ClusterIdentity
from consul_on_pulumi.seeds import seeding
from consul_on_pulumi.server import DEFAULT_IMAGE, ConsulServer, fixed
from consul_on_pulumi.settings import refusals
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs

LEADER_TIMEOUT_UPDATE = 10.0
"""Seconds to wait for an election that is under way when an update asks for the leader."""
LEADER_TIMEOUT_PREVIEW = 2.0
"""The same in a preview, which a dead cluster must not hold up."""


class TierArgs(TypedDict):
    """What both tiers of a cluster are given."""

    platform: PlatformArgs
    cluster: str
    datacenter: str
    image: str
    cluster_id: pulumi.Output[str]
    agent_secrets: dict[str, pulumi.Input[str]]


class ConsulCluster(pulumi.ComponentResource):
    """One Consul datacenter: its ground, its servers and clients, and the KV entries it is seeded with."""

    ui_urls: pulumi.Output[list[str]]
    """The web UI of every server, then of each client that has one."""
    http_addresses: pulumi.Output[list[str]]
    """Base URL of every agent's HTTP API, servers first."""
    leader_address: pulumi.Output[str | None]
    """Raft address of the leader when this program last ran; a leader may change at any time, so feed it to nothing."""
    servers: pulumi.Output[list[str]]
    """Consul node name of every server."""
    datacenter: pulumi.Output[str]
    """The Consul datacenter."""
    dns_addresses: pulumi.Output[list[str]]
    """`host:port` of every agent's DNS interface, UDP and TCP, servers first."""

    def __init__(self, name: str, args: ConsulClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises pulumi.RunError with every problem of `args` before anything is registered."""
        args = {"name": f"{name}-{pulumi.get_stack()}"} | args
        refusals.refuse(refusals.cluster_problems(args, "cluster"))
        super().__init__("consul-on-pulumi:index:ConsulCluster", name, {}, opts)
        topology = Topology(
            cluster=args["name"],
            datacenter=args.get("datacenter", "dc1"),
            servers=args.get("servers", 3),
            clients=args.get("clients", 0),
        )
        platform = choose(args["platform"])
        waits = resource_options.for_children(self, opts)
        birth = ClusterIdentity(f"{name}-identity", topology.servers, fixed(topology, platform, "cluster"), waits)
        waits = pulumi.ResourceOptions.merge(waits, pulumi.ResourceOptions(depends_on=[birth]))
        shared_resources = platform.shared_resources(name, topology, birth.cluster_id, waits)
        waits = pulumi.ResourceOptions.merge(waits, shared_resources.opts)
        tier = TierArgs(
            platform=cast(PlatformArgs, shared_resources.platform),
            cluster=topology.cluster,
            datacenter=topology.datacenter,
            image=args.get("image", DEFAULT_IMAGE),
            cluster_id=birth.cluster_id,
            agent_secrets=args.get("agent_secrets", {}),
        )
        servers = ConsulServer(
            f"{name}-server",
            {
                **tier,
                "replicas": topology.servers,
                "agent_config": _config(args, "server_config"),
                "initial_servers": birth.initial_servers,
            },
            waits,
        )
        clients = ConsulClient(
            f"{name}-client",
            {
                **tier,
                "replicas": topology.clients,
                "servers": topology.servers,
                "agent_config": _config(args, "client_config"),
            },
            # Servers first, as Consul's upgrade rule has it: a client may be older than its servers, never newer.
            pulumi.ResourceOptions.merge(waits, pulumi.ResourceOptions(depends_on=servers.updated)),
            servers_ready=servers.ready,
        )
        # With the data goes what is stored in it, so no server is asked for deletions while all of them stop.
        on_servers = pulumi.ResourceOptions(parent=self, depends_on=servers.ready, deleted_with=servers.data)
        Autopilot(f"{name}-autopilot", servers.consul_access, min_quorum(topology.servers), on_servers)
        seeded = [
            seeding.create(f"{name}-{suffix}", servers.consul_access, seeds, on_servers)
            for suffix, seeds in seeding.of(args, Path.cwd()).items()
        ]
        self.ui_urls = _joined(servers.ui_urls, clients.ui_urls)
        self.http_addresses = _joined(servers.http_addresses, clients.http_addresses)
        self.dns_addresses = _joined(servers.dns_addresses, clients.dns_addresses)
        self.leader_address = pulumi.Output.all(servers.consul_access, *(one.id for one in seeded)).apply(
            lambda known: leader_now(
                known[0], LEADER_TIMEOUT_PREVIEW if pulumi.runtime.is_dry_run() else LEADER_TIMEOUT_UPDATE
            )
        )
        self.servers = pulumi.Output.from_input(
            [naming.node(topology.cluster, Role.SERVER, ordinal) for ordinal in range(topology.servers)]
        )
        self.datacenter = pulumi.Output.from_input(topology.datacenter)
        if failure_tolerance(topology.servers) == 0:
            pulumi.log.warn("one server tolerates no failure and may lose data: set servers to 3", self)
        self.register_outputs(
            {
                "ui_urls": self.ui_urls,
                "http_addresses": self.http_addresses,
                "servers": self.servers,
                "datacenter": self.datacenter,
                "dns_addresses": self.dns_addresses,
            }
        )


def _config(args: Mapping[str, Any], tier: str) -> agent.Document:
    """The agent configuration of one tier: what is for every agent, then what is for this tier alone."""
    return agent.merge(args.get("agent_config", {}), args.get(tier, {}))


def _joined(one: pulumi.Output[list[str]], other: pulumi.Output[list[str]]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(one, other).apply(lambda lists: [*lists[0], *lists[1]])

"""ConsulServer: the server tier of one datacenter."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from consul_on_pulumi import resource_options
from consul_on_pulumi.model import agent
from consul_on_pulumi.model.topology import Role, Topology, bootstrap_expect
from consul_on_pulumi.platforms.choose import PlatformArgs, choose
from consul_on_pulumi.platforms.contract import AgentGroup, Placed, Platform
from consul_on_pulumi.providers.cluster_identity import ClusterIdentity
from consul_on_pulumi.settings import agent_secrets, refusals

DEFAULT_IMAGE = "hashicorp/consul:1.20.6"
"""Exact, so that two runs make the same cluster. Not 1.21.5, which makes stored keys unreadable (consul #22822)."""


class ConsulServerArgs(TypedDict):
    """A server tier on ground that exists."""

    platform: PlatformArgs
    """Where the servers run: on Docker with an existing `network`, on Kubernetes with an existing `namespace`."""
    replicas: NotRequired[int]
    """How many servers. 3 tolerate the loss of one, 5 of two. A change is like one of `servers` of a cluster."""
    cluster: NotRequired[str]
    """Prefix of every physical name. Default: the component's name. Refused on a living cluster."""
    datacenter: NotRequired[str]
    """The Consul datacenter that the servers form. Refused on a living cluster."""
    image: NotRequired[str]
    """The Consul image, by exact version or digest. Another one rolls the servers one by one."""
    agent_config: NotRequired[dict[str, Any]]
    """Agent configuration keys of Consul, merged over the defaults. A change rolls the servers one by one."""
    agent_secrets: NotRequired[dict[str, pulumi.Input[str]]]
    """Secret files by name: see the same of `ConsulCluster`."""
    initial_servers: NotRequired[pulumi.Input[int]]
    """How many servers the cluster was made with. Default: remembered by the tier itself."""
    cluster_id: NotRequired[pulumi.Input[str]]
    """What tells this cluster's containers from those of others. Default: drawn by the tier itself."""


class ConsulServer(pulumi.ComponentResource):
    """The server agents of one Consul datacenter, as many as `replicas` says."""

    http_addresses: pulumi.Output[list[str]]
    """Base URL of each server's HTTP API, by ordinal."""
    ui_urls: pulumi.Output[list[str]]
    """The web UI of each server, so that it survives the loss of any."""
    dns_addresses: pulumi.Output[list[str]]
    """`host:port` of each server's DNS interface, UDP and TCP."""

    def __init__(self, name: str, args: ConsulServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises pulumi.RunError with every problem of `args` before anything is registered."""
        refusals.refuse(refusals.server_problems(args, name, "server"))
        super().__init__("consul-on-pulumi:index:ConsulServer", name, {}, opts)
        topology = Topology(
            cluster=args.get("cluster", name),
            datacenter=args.get("datacenter", "dc1"),
            servers=args.get("replicas", 3),
        )
        platform = choose(args["platform"])
        document = agent.document(topology, Role.SERVER, platform.traits(), args.get("agent_config", {}))
        waits = resource_options.for_children(self, opts)
        initial_servers, cluster_id = args.get("initial_servers"), args.get("cluster_id")
        if initial_servers is None or cluster_id is None:
            birth = ClusterIdentity(
                f"{name}-identity", topology.servers, fixed(topology, platform, "server"), opts=waits
            )
            initial_servers, cluster_id = birth.initial_servers, birth.cluster_id
            waits = pulumi.ResourceOptions.merge(waits, pulumi.ResourceOptions(depends_on=[birth]))
        group = AgentGroup(
            topology=topology,
            role=Role.SERVER,
            image=args.get("image", DEFAULT_IMAGE),
            document=document,
            secrets=agent_secrets.of(args),
            cluster_id=cluster_id,
            bootstrap_expect=pulumi.Output.from_input(initial_servers).apply(
                lambda born: bootstrap_expect(int(born), topology.servers)
            ),
        )
        placed = platform.place(name, group, waits)
        self.updated = list(placed.updated)
        """What to depend on in order to find no server older than described, if not yet all of them running."""
        self.ready = list(placed.ready)
        """What to depend on in order to find the servers running."""
        self.data = placed.data
        """Lives as long as the servers' data: for `deleted_with`."""
        self.consul_access = pulumi.Output.all(*placed.consul_access)
        """Where the program itself reaches each server, which may be another way than a user's."""
        self.http_addresses = pulumi.Output.all(*placed.http_addresses)
        self.ui_urls = ui_urls(placed, document)
        self.dns_addresses = pulumi.Output.all(*placed.dns_addresses)
        self.register_outputs(
            {
                "http_addresses": self.http_addresses,
                "ui_urls": self.ui_urls,
                "dns_addresses": self.dns_addresses,
            }
        )


def fixed(topology: Topology, platform: Platform, path: str) -> dict[str, str]:
    """The settings, by their paths, under which a cluster's data and its members find each other again."""
    return {
        f"{path}.name": topology.cluster,
        f"{path}.datacenter": topology.datacenter,
        **{f"{path}.platform.{key}": value for key, value in platform.fixed().items()},
    }


def ui_urls(placed: Placed, document: Mapping[str, Any]) -> pulumi.Output[list[str]]:
    """The web UI at each address that there is for it, if agents with this document serve one."""
    shown = agent.shows_ui(document)
    return pulumi.Output.all(*placed.ui_addresses).apply(
        lambda bases: [f"{base}/ui/" for base in bases] if shown else []
    )

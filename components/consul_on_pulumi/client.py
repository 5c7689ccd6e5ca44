"""ConsulClient: the client tier of one datacenter."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from consul_on_pulumi import resource_options
from consul_on_pulumi.model import agent
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.choose import PlatformArgs, choose
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.server import DEFAULT_IMAGE, ui_urls
from consul_on_pulumi.settings import agent_secrets, refusals


class ConsulClientArgs(TypedDict):
    """A client tier on ground that exists."""

    platform: PlatformArgs
    """Where the clients run: on Docker with the `network` of their servers, on Kubernetes with their `namespace`."""
    replicas: NotRequired[int]
    """How many clients, 0 too. A change touches no client that stays."""
    servers: NotRequired[int]
    """How many servers there are to join; from 3 on a change touches no client."""
    cluster: NotRequired[str]
    """Prefix of every physical name, the same as that of the servers. Default: the component's name."""
    datacenter: NotRequired[str]
    """The Consul datacenter to join."""
    image: NotRequired[str]
    """The Consul image, by exact version or digest. Another one replaces the clients."""
    agent_config: NotRequired[dict[str, Any]]
    """Agent configuration keys of Consul, merged over the defaults; `ui_config: {enabled: true}` shows the UI. A change
    replaces the clients."""
    agent_secrets: NotRequired[dict[str, pulumi.Input[str]]]
    """Secret files by name: see the same of `ConsulCluster`."""
    cluster_id: NotRequired[pulumi.Input[str]]
    """What tells this cluster's containers from those of others, the same as that of the servers."""


class ConsulClient(pulumi.ComponentResource):
    """The client agents of one Consul datacenter, as many as `replicas` says."""

    http_addresses: pulumi.Output[list[str]]
    """Base URL of each client's HTTP API, by ordinal."""
    ui_urls: pulumi.Output[list[str]]
    """The web UI of each client, empty unless its configuration enables one."""
    dns_addresses: pulumi.Output[list[str]]
    """`host:port` of each client's DNS interface, UDP and TCP."""

    def __init__(
        self,
        name: str,
        args: ConsulClientArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        servers_ready: Sequence[pulumi.Resource] = (),
    ) -> None:
        """`servers_ready` is `ready` of the ConsulServer to join: clients may start before it, and nobody waits for a
        client before it. Raises pulumi.RunError with every problem of `args` before anything is registered."""
        refusals.refuse(refusals.client_problems(args, name, "client"))
        super().__init__("consul-on-pulumi:index:ConsulClient", name, {}, opts)
        topology = Topology(
            cluster=args.get("cluster", name),
            datacenter=args.get("datacenter", "dc1"),
            servers=args.get("servers", 3),
            clients=args.get("replicas", 1),
        )
        platform = choose(args["platform"])
        document = agent.document(topology, Role.CLIENT, platform.traits(), args.get("agent_config", {}))
        group = AgentGroup(
            topology=topology,
            role=Role.CLIENT,
            image=args.get("image", DEFAULT_IMAGE),
            document=document,
            secrets=agent_secrets.of(args),
            cluster_id=args.get("cluster_id"),
            wait_for=servers_ready,
        )
        placed = platform.place(name, group, resource_options.for_children(self, opts))
        self.ready = list(placed.ready)
        """What to depend on in order to find the clients running."""
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

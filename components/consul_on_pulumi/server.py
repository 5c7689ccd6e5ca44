"""ConsulServer: the server tier of one datacenter."""

import pulumi

from consul_on_pulumi.membership import Membership, identify, ui_urls
from consul_on_pulumi.model import agent
from consul_on_pulumi.model.topology import Role, Topology, bootstrap_expect
from consul_on_pulumi.platforms.choose import choose
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.resource_options import for_children, with_options
from consul_on_pulumi.settings import agent_secrets, refusals
from consul_on_pulumi.settings.tier_args import ConsulServerArgs


class ConsulServer(pulumi.ComponentResource):
    """The server agents of one Consul datacenter, as many as `replicas` says."""

    http_addresses: pulumi.Output[list[str]]
    """Base URL of each server's HTTP API, by ordinal."""
    ui_urls: pulumi.Output[list[str]]
    """The web UI of each server."""
    dns_addresses: pulumi.Output[list[str]]
    """`host:port` of each server's DNS interface, UDP and TCP."""

    def __init__(
        self,
        name: str,
        args: ConsulServerArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        _membership: Membership | None = None,
    ) -> None:
        """Raises pulumi.RunError with every problem of `args` before anything is registered."""
        accepted = refusals.tier_args(args, ConsulServerArgs, "server", name)
        super().__init__("consul-on-pulumi:index:ConsulServer", name, {}, opts)
        topology = Topology(
            cluster=accepted["cluster"], datacenter=accepted["datacenter"], servers=accepted["replicas"]
        )
        platform = choose(accepted["platform"])
        document = agent.document(topology, Role.SERVER, platform.traits(), accepted["agent_config"])
        children = for_children(self, opts)
        if _membership:
            identity = _membership.identity
        else:
            identity = identify(name, topology, platform, "server", children)
            children = with_options(children, depends_on=[identity])
        group = AgentGroup(
            topology=topology,
            role=Role.SERVER,
            image=accepted["image"],
            document=document,
            secrets=agent_secrets.of(accepted),
            cluster_id=identity.cluster_id,
            bootstrap_expect=identity.initial_servers.apply(
                lambda initial: bootstrap_expect(int(initial), topology.servers)
            ),
        )
        placed = platform.place(name, group, children)
        self.updated = list(placed.updated)
        """Depend on these to run after every existing server was updated, though new ones may still be starting."""
        self.ready = list(placed.ready)
        """Depend on these to run when the servers work."""
        self.data = placed.data
        """Is deleted together with the servers' data: for `deleted_with`."""
        self.api_addresses = pulumi.Output.all(*placed.api_addresses)
        """Where the program itself reaches each server, which may differ from `http_addresses`."""
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

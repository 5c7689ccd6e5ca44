"""ConsulClient: the client tier of one datacenter."""

import pulumi

from consul_on_pulumi.membership import Membership, connect, for_component, place_tier
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.choose import choose
from consul_on_pulumi.providers import connecting
from consul_on_pulumi.resource_options import for_children
from consul_on_pulumi.run import registrations_first
from consul_on_pulumi.schema.component_inputs import component_inputs
from consul_on_pulumi.settings import refusals
from consul_on_pulumi.settings.tier_args import ConsulClientArgs


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
        _membership: Membership | None = None,
    ) -> None:
        """Raises pulumi.RunError with every problem of `args` before anything is registered."""
        accepted = refusals.tier_args(args, ConsulClientArgs, "client", name, alone=_membership is None)
        inputs = component_inputs(accepted, ConsulClientArgs)
        super().__init__("consul-on-pulumi:index:ConsulClient", name, inputs, for_component(opts))
        registrations_first()
        if _membership:
            connecting.share(self, _membership.cluster)
        else:
            connect(self, accepted["cluster"], accepted, choose(accepted["platform"]))
            refusals.warn_if_release_is_unchecked(accepted, self)
        topology = Topology(
            cluster=accepted["cluster"],
            datacenter=accepted["datacenter"],
            servers=accepted["servers"],
            clients=accepted["replicas"],
        )
        placed, outputs = place_tier(
            name,
            accepted,
            Role.CLIENT,
            topology,
            for_children(self, opts),
            _membership.closing if _membership else None,
            at_once=accepted.get("clients_at_once"),
            **(_membership.of_clients() if _membership else {}),
        )
        self.reloaded = list(placed.reloaded)
        """Exist when the agents use their current credentials."""
        self.ready = list(placed.ready)
        """Depend on these to run when the clients work."""
        self.http_addresses, self.ui_urls, self.dns_addresses = outputs.values()
        self.register_outputs(outputs)

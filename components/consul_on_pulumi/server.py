"""ConsulServer: the server tier of one datacenter."""

import pulumi

from consul_on_pulumi.membership import (
    Membership,
    connect,
    for_component,
    identify,
    place_tier,
    snapshot_file,
    wanted_release,
)
from consul_on_pulumi.model.topology import Role, Topology, bootstrap_expect
from consul_on_pulumi.platforms.choose import choose
from consul_on_pulumi.providers import connecting
from consul_on_pulumi.resource_options import for_children, protects, with_options
from consul_on_pulumi.run import registrations_first
from consul_on_pulumi.schema.component_inputs import component_inputs
from consul_on_pulumi.settings import refusals
from consul_on_pulumi.settings.tier_args import ConsulServerArgs


class ConsulServer(pulumi.ComponentResource):
    """The server agents of one Consul datacenter, as many as `replicas` says."""

    http_addresses: pulumi.Output[list[str]]
    """Base URL of each server's HTTP API, by ordinal."""
    ui_urls: pulumi.Output[list[str]]
    """The web UI of each server."""
    dns_addresses: pulumi.Output[list[str]]
    """`host:port` of each server's DNS interface, UDP and TCP."""
    upgrade_snapshot: pulumi.Output[str | None]
    """The snapshot before the last upgrade, if one was taken: its path on the machine that did the upgrade."""

    def __init__(
        self,
        name: str,
        args: ConsulServerArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        _membership: Membership | None = None,
    ) -> None:
        """Raises pulumi.RunError with every problem of `args` before anything is registered."""
        accepted = refusals.tier_args(args, ConsulServerArgs, "server", name, alone=_membership is None)
        inputs = component_inputs(accepted, ConsulServerArgs)
        super().__init__("consul-on-pulumi:index:ConsulServer", name, inputs, for_component(opts))
        registrations_first()
        topology = Topology(
            cluster=accepted["cluster"], datacenter=accepted["datacenter"], servers=accepted["replicas"]
        )
        children = for_children(self, opts)
        if _membership:
            identity = _membership.identity
            connecting.share(self, _membership.cluster)
        else:
            connect(self, topology.cluster, accepted, choose(accepted["platform"]))
            refusals.warn_if_release_is_unchecked(accepted, self)
            identity = identify(name, topology, choose(accepted["platform"]), "server", children)
            children = with_options(children, depends_on=[identity])
        # Mocks may leave it out.
        expected = identity.initial_servers.apply(
            lambda initial: bootstrap_expect(int(initial or topology.servers), topology.servers)
        )
        join = _membership.join if _membership else ()
        placed, outputs = place_tier(
            name,
            accepted,
            Role.SERVER,
            topology,
            children,
            _membership.closing if _membership else None,
            cluster_id=identity.cluster_id,
            is_new=identity.is_new,
            # A server without it never starts a cluster of its own, whomever it meets first.
            bootstrap_expect=None if join else expected,
            join=join,
            protect=protects(accepted, opts),
            release=wanted_release(name, accepted, _membership),
        )
        self.updated = list(placed.updated)
        """Depend on these to run after every existing server was updated, though new ones may still be starting."""
        self.reloaded = list(placed.reloaded)
        """Exist when the agents use their current credentials."""
        self.ready = list(placed.ready)
        """Depend on these to run when the servers work."""
        self.data = placed.data
        """Is deleted together with the servers' data: for `deleted_with`."""
        self.store = placed.store
        """Changes when the servers start with an empty store, after somebody deleted them."""
        self.api_addresses = pulumi.Output.all(*placed.api_addresses)
        """Where the program itself reaches each server, which may differ from `http_addresses`."""
        self.http_addresses, self.ui_urls, self.dns_addresses = outputs.values()
        self.upgrade_snapshot = snapshot_file(placed)
        self.register_outputs({**outputs, "upgrade_snapshot": self.upgrade_snapshot})

"""Voters: exists once all servers that a StatefulSet runs vote."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import CreateResult, DiffResult

from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import not_ready_reasons
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class VotersProvider(ConsulProvider):
    """Waits for the servers of a cluster that is born. What changes servers later waits for them itself."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """No later change is awaited here."""
        return DiffResult(changes=False)

    def create(self, props: Properties) -> CreateResult:
        """Wait until all vote and have caught up."""
        await_all(props)
        return CreateResult(props["stateful_set"], props)


class Voters(ProviderResource, module="consul-on-pulumi", name="Voters"):
    """What needs servers that vote depends on this; what may start beside them does not."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        addresses: Sequence[str],
        workload: Workload,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`names` are the servers that `workload` runs, `addresses` where the program reaches each."""
        props = {"names": names, "addresses": addresses, **workload}
        super().__init__(VotersProvider(), name, props, opts)


def await_all(props: Properties) -> None:
    """Wait until all servers vote; raises RolloutStoppedError with what is in the way of it."""
    if hindered := not_ready_reasons(
        Servers(props["names"], props["addresses"]), StatefulSet(props), props["names"], {}
    ):
        raise RolloutStoppedError(f"{hindered}. Correct the settings and run `pulumi up` again")

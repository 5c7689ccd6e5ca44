"""Voters: exists when all servers of a StatefulSet are voters."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import not_ready_reasons
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class VotersProvider(ConsulProvider):
    """Waits for the servers of a new cluster. Later changes of servers wait for them by themselves."""

    def create(self, props: Properties) -> CreateResult:
        """Wait until all servers are voters and have caught up."""
        wait_for_all(props)
        return CreateResult(props["stateful_set"], props)


class Voters(ProviderResource, module="consul-on-pulumi", name="Voters"):
    """Resources that need voters depend on this; resources that may start at the same time do not."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        addresses: Sequence[str],
        workload: Workload,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the servers of `workload`, `addresses` where the program reaches each."""
        props = {"names": names, "addresses": addresses, **workload}
        super().__init__(VotersProvider(), name, props, opts)


def wait_for_all(props: Properties) -> None:
    """Wait until all servers are voters; raises RolloutStoppedError with the reasons why some are not."""
    servers = Servers(props["names"], props["addresses"])
    if reasons := not_ready_reasons(servers, StatefulSet(props), props["names"], {}):
        raise RolloutStoppedError(f"{reasons}. Correct the settings and run `pulumi up` again")

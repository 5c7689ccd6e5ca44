"""Voters: exists when all servers of a StatefulSet are voters."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import CreateResult, ReadResult

from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers import workload_exists
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import not_ready_reasons
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class VotersProvider(ConsulProvider):
    """Waits for the servers of a new cluster. Later changes of servers wait for them by themselves."""

    # No other token exists before the first election.
    token = "management"

    def create(self, props: Properties) -> CreateResult:
        """Wait until all servers are voters and have caught up."""
        wait_for_all(props)
        return CreateResult(props["stateful_set"], props)

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Find out whether the StatefulSet still exists."""
        return workload_exists.read(id_, props)


class Voters(ProviderResource, module="consul-on-pulumi", name="Voters"):
    """Resources that need voters depend on this; resources that may start at the same time do not."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        addresses: Sequence[pulumi.Input[str]],
        workload: Workload,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the servers of `workload`, `addresses` where the program reaches each."""
        props = {"names": names, "addresses": addresses, **workload}
        super().__init__(VotersProvider(), name, props, opts)


def wait_for_all(props: Properties) -> None:
    """Wait until all servers are voters; raises RolloutStoppedError with the reasons why some are not.

    Services answer as long as others are ready while one restarts. Behind a lone server there is no other, and its pod
    is ready only some probes after it votes.
    """
    names = props["names"]
    if reasons := not_ready_reasons(
        Servers(names, props["addresses"], connection_of(props)), StatefulSet(props), names, {}, served=len(names) == 1
    ):
        raise RolloutStoppedError(f"{reasons}. Correct the settings and run `pulumi up` again")

"""Voters: exists when all servers of a cluster on Docker are voters."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.model.rollout import ClusterView
from consul_on_pulumi.platforms.docker.crash import CrashLoop
from consul_on_pulumi.platforms.docker.providers.voter_gate import servers_of
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

TIMEOUT = 120.0
"""Seconds for the first election, as long as no server ends again and again."""


class VotersProvider(ConsulProvider):
    """Waits for the servers of a new cluster. Later changes of servers wait for them by themselves."""

    # No other token exists before the first election.
    token = "management"

    def create(self, props: Properties) -> CreateResult:
        """Wait until all servers vote. Raises RolloutStoppedError with the reasons why some do not."""
        names = list(props["names"])
        loops = {name: CrashLoop(name, connection_of(props)) for name in names}
        reasons: dict[str, str] = {}

        def done(view: ClusterView) -> bool:
            crashing = {name: why for name in names if name not in view.status and (why := loops[name].reason())}
            waiting = {name: "does not vote" for name in names if not view.votes(name)}
            waiting |= {name: "does not answer" for name in names if name not in view.status}
            reasons.clear()
            reasons.update(crashing or waiting)
            return bool(crashing) or not waiting

        servers_of(props).wait_for(done, TIMEOUT)
        if reasons:
            raise RolloutStoppedError(f"{_grouped(reasons)}. Correct the settings and run `pulumi up` again")
        return CreateResult(names[0], props)


class Voters(ProviderResource, module="consul-on-pulumi", name="Voters"):
    """Resources that need voters depend on this; clients, which may start at the same time, do not."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        addresses: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the node names of all servers, `addresses` where the program reaches each."""
        super().__init__(VotersProvider(), name, {"names": names, "addresses": addresses}, opts)


def _grouped(reasons: dict[str, str]) -> str:
    same = {why: [name for name in reasons if reasons[name] == why] for why in reasons.values()}
    return "; ".join(
        f"{first} {why}" + (f", and so for {', '.join(rest)}" if rest else "") for why, (first, *rest) in same.items()
    )

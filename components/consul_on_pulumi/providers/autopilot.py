"""Autopilot: sets how many servers Consul must keep, by the size of the cluster."""

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, ReadResult

from consul_on_pulumi.consul import operator_api
from consul_on_pulumi.consul.api import Consul, UnreachableError, count_with_leader
from consul_on_pulumi.providers.provider import Addresses, ConsulProvider, Properties, ProviderResource, known_addresses

ELECTION_TIMEOUT = 10.0
"""Seconds for which a preview waits: after a leader stopped, no server knows one for some seconds."""


class AutopilotProvider(ConsulProvider):
    """Sets `MinQuorum` and keeps every other key of autopilot's configuration.

    Consul reads it from the agent configuration only at the first election (consul #6654).
    """

    compared = ("addresses", "min_quorum")

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Refuse in the preview to remove servers if the remaining ones would have no quorum."""
        before, after = olds.get("min_quorum"), news.get("min_quorum")
        remaining = known_addresses(news)
        if not (isinstance(before, float | int) and isinstance(after, float | int) and after < before and remaining):
            return CheckResult(news, [])
        in_cluster = count_with_leader(remaining, int(after), ELECTION_TIMEOUT)
        if in_cluster >= after:
            return CheckResult(news, [])
        reason = (
            f"cluster.servers: {in_cluster} of the {len(remaining)} servers that would remain know a leader, "
            f"expected at least {int(after)}, else the smaller cluster has no quorum: repair them first"
        )
        return CheckResult(news, [CheckFailure("min_quorum", reason)])

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then set the quorum."""
        consul = Consul(props["addresses"], timeout=120)
        consul.leader()
        operator_api.configure_autopilot(consul, MinQuorum=int(props["min_quorum"]))
        return CreateResult("autopilot", props)

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Read the current quorum; without an answer, keep the last one."""
        try:
            current = operator_api.autopilot(Consul(props["addresses"], timeout=10))["MinQuorum"]
        except UnreachableError:
            return ReadResult(id_, props, props)
        outs = {**props, "min_quorum": current}
        return ReadResult(id_, outs, outs)


class Autopilot(ProviderResource, module="consul-on-pulumi", name="Autopilot"):
    """The part of autopilot's configuration that depends on the number of servers."""

    def __init__(self, name: str, addresses: Addresses, min_quorum: int, opts: pulumi.ResourceOptions) -> None:
        """`min_quorum` is a number of voters."""
        props = {"addresses": addresses, "min_quorum": min_quorum}
        super().__init__(AutopilotProvider(), name, props, opts)

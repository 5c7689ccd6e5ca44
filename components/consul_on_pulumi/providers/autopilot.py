"""Autopilot: sets how many servers Consul must keep, by the size of the cluster."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult

from consul_on_pulumi.consul.api import Consul, RefusedError, UnreachableError, content, leader_now
from consul_on_pulumi.consul.servers import INTERVAL, Servers
from consul_on_pulumi.model.connection import Connection, connection_of
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.provider import Addresses, ConsulProvider, Properties, ProviderResource, known_addresses

CONFIGURATION = "/v1/operator/autopilot/configuration"
STATE = "/v1/operator/autopilot/state"
STATE_TIMEOUT = 2.0
"""Seconds for the servers to say how much each stores: a preview of a cluster that is down must not wait."""
CATCH_UP_TIMEOUT = 5.0
"""Seconds for a server to store what the leader had stored."""
ELECTION_TIMEOUT = 10.0
"""Seconds for which a preview waits: after a leader stopped, no server knows one for some seconds."""


class AutopilotProvider(ConsulProvider):
    """Sets `MinQuorum` and keeps every other key of autopilot's configuration.

    Consul reads it from the agent configuration only at the first election (consul #6654).
    """

    compared = ("addresses", "min_quorum")

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """Servers are not removed if the remaining ones would have no quorum."""
        before, after = olds.get("min_quorum"), news.get("min_quorum")
        remaining = known_addresses(news)
        if not (isinstance(before, float | int) and isinstance(after, float | int) and after < before and remaining):
            return
        in_cluster = _count_with_leader(remaining, connection_of(news), int(after))
        if in_cluster < after:
            yield (
                f"cluster.servers: {in_cluster} of the {len(remaining)} servers that would remain know a leader, "
                f"expected at least {int(after)}, else the smaller cluster has no quorum: repair them first"
            )

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Nothing here repairs a server that stores nothing: a warning names it."""
        if addresses := known_addresses(news):
            _warn_of_those_behind(addresses, connection_of(news))
        return False

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then set the quorum."""
        consul, wanted = self.consul_with_leader(props), {"MinQuorum": int(props["min_quorum"])}
        # Again if somebody else changes another key at the same time.
        while (present := _configuration(consul)) | wanted != present:
            consul.request("PUT", CONFIGURATION, {"cas": str(present["ModifyIndex"])}, json.dumps(present | wanted))
        return CreateResult("autopilot", props)

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Read the current quorum; without an answer, keep the last one and warn."""
        try:
            current = _configuration(Consul(props["addresses"], connection_of(props), timeout=10))["MinQuorum"]
        except (UnreachableError, RefusedError) as error:
            engine_log.not_compared("autopilot's configuration", error)
            return ReadResult(id_, props, props)
        outs = {**props, "min_quorum": current}
        return ReadResult(id_, outs, outs)


class Autopilot(ProviderResource, module="consul-on-pulumi", name="Autopilot"):
    """The part of autopilot's configuration that depends on the number of servers."""

    def __init__(
        self,
        name: str,
        addresses: Addresses,
        min_quorum: int,
        opts: pulumi.ResourceOptions,
        store: pulumi.Input[str] | None = None,
    ) -> None:
        """`min_quorum` is a number of voters; `store` identifies the servers' data, as in `other_store`."""
        props = {"addresses": addresses, "min_quorum": min_quorum, "store": store}
        super().__init__(AutopilotProvider(), name, props, opts)


def _count_with_leader(addresses: Sequence[str], connection: Connection, enough: int) -> int:
    """How many of these servers know a leader: as soon as `enough` do, else after ELECTION_TIMEOUT."""
    deadline = time.monotonic() + ELECTION_TIMEOUT
    while True:
        found = sum(leader_now([base], connection, 0) is not None for base in addresses)
        if found >= enough or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _warn_of_those_behind(addresses: Sequence[str], connection: Connection) -> None:
    """A server may run, know the leader and store nothing, because its volume is full or its disk broken."""
    try:
        # Null right after an election.
        known = content(Consul(addresses, connection, STATE_TIMEOUT).request("GET", STATE))["Servers"] or {}
    except (UnreachableError, RefusedError) as error:
        engine_log.not_compared("how much of the Raft log each server has", error)
        return
    newest = max((one["LastIndex"] for one in known.values()), default=0)
    # Autopilot asks every 2 seconds, so under load this is every server but the leader. Each says itself what it has.
    behind = {one["ID"]: one["Name"] for one in known.values() if one["LastIndex"] < newest}
    servers, deadline = Servers(addresses, addresses, connection), time.monotonic() + CATCH_UP_TIMEOUT
    while behind:
        stored = {status.node_id: status.last for status in servers.view().status.values()}
        behind = {node: name for node, name in behind.items() if stored.get(node, newest) < newest}
        if not behind or time.monotonic() > deadline:
            break
        time.sleep(INTERVAL)
    for node, name in sorted(behind.items(), key=lambda one: one[1]):
        engine_log.warn(
            f"{name} stores nothing new: it has {stored[node]} of {newest} entries of the Raft log, and no other "
            "server may stop until it has them all. Its log says why; a full volume is a common reason"
        )


def _configuration(consul: Consul) -> dict[str, Any]:
    configuration: dict[str, Any] = content(consul.request("GET", CONFIGURATION))
    return configuration

"""VoterGate: precedes one server's container, and lets it change when the other servers can serve without it."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import naming
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import consul_access, engine, existing
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class RolloutStep(TypedDict):
    """One server among all servers of its cluster, as the gate before it and the peer after it know it."""

    server: str
    """Node name of the server that this step changes."""
    names: Sequence[str]
    """Node names of all servers, in the order of the rollout."""
    addresses: Sequence[pulumi.Input[str]]
    """Base URL of each server's own HTTP API, in the same order."""
    spec_hash: pulumi.Input[str]
    """Hash of the server's whole container specification."""


def servers_of(props: Properties) -> Servers:
    """All servers of the cluster; `props` hold the keys of a RolloutStep.

    Each is asked where its container publishes the API now: `addresses` are those after a rollout that changes ports.
    """
    connection = connection_of(props)
    now = existing.api_addresses(connection)
    names, addresses = props["names"], props["addresses"]
    known = [
        now.get(name) or consul_access.through_engine(name, address, connection)
        for name, address in zip(names, addresses, strict=True)
    ]
    return Servers(names, known, connection)


class VoterGateProvider(ConsulProvider):
    """Before a server is replaced: all others are voters that have caught up, and the server does not lead."""

    compared = ("spec_hash", "protect")

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether an earlier run passed the gate but did not change the server."""
        return servers_of(olds).spec_hash(olds["server"]) not in (None, news["spec_hash"])

    def create(self, props: Properties) -> CreateResult:
        """Open at once in a new cluster; a server that joins an existing one waits for the others."""
        if servers_of(props).accepted_view().led:
            rollout.wait_until_replaceable(servers_of(props), props["names"], props["server"])
        return CreateResult(props["server"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Wait for the others, then move the leadership away from the server, unless it runs as specified already."""
        if olds.get("spec_hash") == news["spec_hash"] and not self.drifted(olds, news):
            return UpdateResult(news)
        rollout.wait_until_replaceable(servers_of(news), news["names"], news["server"])
        return UpdateResult(news)

    def delete(self, _id: str, props: Properties) -> None:
        """Remove the member, the Raft peer and the data of a server whose container is gone.

        The container depends on the gate and the gate on the volume, so this runs between the deletions of the two.
        It does not run where the whole cluster is destroyed (`deleted_with`), so retained data stays. With
        `retain_data` Pulumi only drops the volume from the state, and a later server with the same name would start
        with the old Raft data and its old vote. The engine refuses to delete a protected volume, after this.
        """
        if props["server"] == props["names"][0]:
            # The whole cluster is deleted.
            return
        if props.get("protect"):
            raise RolloutStoppedError(
                f"{props['server']} was not removed: `protect` keeps its data. Set `protect: false`, run `pulumi up` "
                "with the old number of servers, then remove the server"
            )
        rollout.remove_member(servers_of(props), props["server"])
        engine.remove_volume(connection_of(props), naming.volume_of(props["server"]))


class VoterGate(ProviderResource, module="consul-on-pulumi", name="VoterGate"):
    """A server's container depends on it, so servers change one at a time, whatever `--parallel` says."""

    spec_hash: pulumi.Output[str]
    """The hash that the last open gate let through."""

    def __init__(self, name: str, step: RolloutStep, protect: bool, opts: pulumi.ResourceOptions | None = None) -> None:
        """`step` names the server that the gate precedes; `protect` refuses to remove it with its data."""
        super().__init__(VoterGateProvider(), name, {**step, **({"protect": True} if protect else {})}, opts)

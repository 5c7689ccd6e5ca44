"""VoterGate: stands before one server, and opens when the others can do without it."""

import time
from collections.abc import Sequence

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.desired import rollout
from components.desired.rollout import View
from components.live import credentials, volumes
from components.live.servers import Servers
from components.live.turn import PATIENCE, PATIENCE_LEADERLESS, Properties, RollStoppedError, Turn, relied_on
from components.live.turn import servers as turn_servers

FOLLOWING = 1.0
"""Seconds for clients that write to the leader to follow it, before the server that led is stopped."""
REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""


class VoterGateProvider(ResourceProvider):
    """Before a server is replaced: all others are voters that have caught up, and the server does not lead."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the token of the stack's configuration."""
        credentials.configure(req)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Closed when the server is to change, also where an earlier run passed the gate but never changed it."""
        wanted = news["definition"]
        if olds["definition"] != wanted:
            return DiffResult(changes=True)
        running = turn_servers(olds).definition(olds["server"])
        return DiffResult(changes=running not in (None, wanted))

    def create(self, props: Properties) -> CreateResult:
        """Open at once at the birth of a cluster; a server that joins a living one waits for the others."""
        if turn_servers(props).look().leader:
            open_for(turn_servers(props), props["names"], props["server"])
        return CreateResult(props["server"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Wait for the others, then take the leadership off the server."""
        open_for(turn_servers(news), news["names"], news["server"])
        return UpdateResult(news)

    def delete(self, _id: str, props: Properties) -> None:
        """The server is gone: see to it that no member, no Raft peer and no data of that name stays behind.

        The container depends on the gate and the gate on the volume, so this comes between the ends of the two. The end
        of the whole cluster does not lead here (`deleted_with`), and data that is to outlive it stays.
        """
        forget(turn_servers(props), props["server"])
        volumes.remove_data(props["server"])


class VoterGate(Resource, module="consul-on-pulumi", name="VoterGate"):
    """What a server's container depends on, so that servers change one at a time, whatever the parallelism."""

    def __init__(self, name: str, turn: Turn, opts: pulumi.ResourceOptions | None = None) -> None:
        """`turn` says which server stands behind the gate."""
        super().__init__(VoterGateProvider(), name, {**turn, "revision": REVISION}, opts)


def open_for(servers: Servers, names: Sequence[str], leaving: str) -> None:
    """Wait until the others can do without `leaving`, and take the leadership off it. `names` are in roll order."""
    if not servers.until(lambda view: view.leader is not None, PATIENCE_LEADERLESS):
        # Nothing is served that the change could interrupt, and it may be the very change that mends the cluster.
        return
    view, hindered = relied_on(servers, lambda view: rollout.others(leaving, names, view))
    if view is None:
        raise RollStoppedError(
            f"{hindered}: {leaving} was not touched, so the quorum stands. Mend that server and run `pulumi up` again"
        )
    hand_over(servers, names, leaving, view)


def hand_over(servers: Servers, names: Sequence[str], leaving: str, view: View) -> None:
    """Make another voter the leader if `leaving` leads and there is another."""
    heir = rollout.heir(leaving, names, view)
    if view.leader != leaving or heir is None:
        return
    servers.transfer_leadership(leaving, heir, view.seen[heir].node_id)
    if not servers.until(lambda now: now.leader not in (None, leaving), PATIENCE_LEADERLESS):
        raise RollStoppedError(f"{leaving} still leads after handing over to {heir}: run `pulumi up` again")
    time.sleep(FOLLOWING)


def forget(servers: Servers, name: str) -> None:
    """Wait until no server knows `name` any more, and tell each that still does to forget it."""

    def clean(view: View) -> bool:
        if not view.leader:
            return False
        address = servers.peer_address(view.leader, name)
        # Each server keeps its own list, and one that missed the word would pass the member on again.
        knowing = [other for other in view.seen if name in servers.members(other)]
        for other in knowing or ([view.leader] if address else []):
            servers.forget(other, name, address)
        return not knowing and address is None

    if not servers.until(clean, PATIENCE):
        raise RollStoppedError(f"{name} is gone but still a member, or no server leads: run `pulumi up` again")

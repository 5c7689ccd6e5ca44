"""RaftSeat: stands behind one server. It holds the roll until the server votes, and lets it leave before it goes."""

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.desired import rollout
from components.desired.rollout import View
from components.live import credentials
from components.live.crashes import Crashes
from components.live.gate import hand_over
from components.live.turn import PATIENCE, PATIENCE_LEADERLESS, Properties, RollStoppedError, Turn, relied_on
from components.live.turn import servers as turn_servers

REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""

STOPPED = (
    "{reason}: the roll stops here, no further server was touched and the others keep the quorum. "
    "Its log says why; correct the settings and run `pulumi up` again"
)
"""What a roll that ends before its end says."""


class RaftSeatProvider(ResourceProvider):
    """After a server was made or replaced: it is a voter at its address and has caught up."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the token of the stack's configuration."""
        credentials.configure(req)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """A server that changes has to be waited for again."""
        return DiffResult(changes=any(olds.get(name) != news.get(name) for name in ("agent", "definition", "revision")))

    def create(self, props: Properties) -> CreateResult:
        """At the birth of a cluster there is nobody to vote yet; otherwise wait for the server."""
        if turn_servers(props).look().leader:
            _taken(props)
        return CreateResult(props["server"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Wait for the server."""
        _taken(news)
        return UpdateResult(news)

    def delete(self, _id: str, props: Properties) -> None:
        """The cluster shrinks: let the server hand over, leave Raft and end, before its container goes."""
        servers, name = turn_servers(props), props["server"]
        view = servers.until(lambda view: view.leader is not None, PATIENCE_LEADERLESS)
        if view is None or rollout.loses_quorum(name, view):
            raise RollStoppedError(f"without {name} the rest would have no quorum: mend the other servers first")
        hand_over(servers, props["names"], name, view)
        servers.leave(name)
        if not servers.until(lambda now: now.leader is not None and name not in now.peers, PATIENCE):
            raise RollStoppedError(f"{name} did not leave Raft and was not removed: run `pulumi up` again")


class RaftSeat(Resource, module="consul-on-pulumi", name="RaftSeat"):
    """What the next server's gate depends on."""

    def __init__(
        self, name: str, turn: Turn, agent: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`turn` says which server stands before the seat; `agent` identifies what runs it now, so that a server which
        was only brought back is waited for too."""
        super().__init__(RaftSeatProvider(), name, {**turn, "agent": agent, "revision": REVISION}, opts)


def _taken(props: Properties) -> None:
    servers, name = turn_servers(props), props["server"]
    if not servers.until(lambda view: view.leader is not None, PATIENCE_LEADERLESS):
        if name in servers.look().seen:
            # There is no majority to vote with yet: the next server of the roll may be the one that makes it.
            return
        raise RollStoppedError(STOPPED.format(reason=f"{name} does not answer"))
    crashes = Crashes(props["agent"])

    def needed(view: View) -> list[str]:
        if name not in view.seen and (words := crashes.words()):
            raise RollStoppedError(STOPPED.format(reason=f"{name} ends as soon as it starts ({words})"))
        return [name]

    view, hindered = relied_on(servers, needed)
    if view is None:
        raise RollStoppedError(STOPPED.format(reason=hindered))

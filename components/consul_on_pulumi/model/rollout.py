"""Decisions of a rollout and of a recovery, from the current state of the servers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from consul_on_pulumi.model.topology import quorum

Peers = list[dict[str, str | bool]]
"""The content of `raft/peers.json` (Consul docs, manage/disaster-recovery)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """The current state of one server, as the server itself reports it."""

    node_id: str
    address: str
    """Its Raft address, `host:port`."""
    leads: bool
    term: int
    """Raft term. If two servers report that they lead, the one with the later term does."""
    commit: int
    """Raft index of the last entry that it knows to be committed."""
    applied: int
    """Raft index of the last entry that it has applied to its store."""
    last: int = 0
    """Raft index of the last entry in its log; 0 on a new volume."""
    follows: str = ""
    """The Raft address of the leader that it knows."""
    spec_hash: str | None = None
    """Hash of its container or pod specification, if this program started it."""
    version: str = ""
    """Its release of Consul, such as `1.22.7`."""
    raft_log: str = ""
    """Its `raft_logstore.backend`, as configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """The current state of all servers, and the Raft configuration of the leader."""

    status: Mapping[str, ServerStatus]
    """By node name; a server that did not answer is missing."""
    voters: Mapping[str, str]
    """Node ID to Raft address of every voter in the leader's Raft configuration; empty without a leader."""
    peers: frozenset[str] = frozenset()
    """Node names in the leader's Raft configuration, voters or not."""
    without_vote: frozenset[str] = frozenset()
    """Node IDs of those peers that are no voters."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """By node name, what a server answered instead of what it was asked for, and what to do."""
    refused: frozenset[str] = frozenset()
    """Node names of the servers that refused the token: they run, and their state is not known."""
    outside: Mapping[str, str] = field(default_factory=dict)
    """Node ID to node name of every healthy voter that is no server of this stack."""
    leads_outside: str = ""
    """The node name of the leader, if it is no server of this stack."""

    @property
    def leader(self) -> str | None:
        """The node name of the leader, if it is a server of this stack and answered."""
        leaders = [(status.term, name) for name, status in self.status.items() if status.leads]
        return max(leaders)[1] if leaders else None

    @property
    def led(self) -> bool:
        """Whether there is a leader, of this stack or not."""
        return self.leader is not None or bool(self.leads_outside)

    @property
    def committed(self) -> int:
        """The Raft index of what the leader has committed, as far as servers of this stack know it."""
        known = [self.status[self.leader]] if self.leader else self.status.values() if self.leads_outside else ()
        return max((status.commit for status in known), default=0)

    @property
    def refusal(self) -> str:
        """Why the token does not show who leads or who votes; empty if it does, or if no server refused it."""
        if self.refused and (not self.led or self.leader in self.refused):
            first, *more = sorted(self.refused)
            return self.faults[first] + (f" (so did {', '.join(more)})" if more else "")
        return ""

    def votes(self, name: str) -> bool:
        """Whether this server answered and is a voter at its own address."""
        status = self.status.get(name)
        return status is not None and self.voters.get(status.node_id) == status.address


def not_ready_reason(name: str, view: ClusterView, index: int) -> str | None:
    """Why this server is not ready, or None if it is a voter that has applied all entries up to `index`.

    Autopilot's health is not used: for seconds after a fast replacement it shows the old state.
    """
    status = view.status.get(name)
    if status is None:
        return view.faults.get(name, f"{name} does not answer")
    if not view.votes(name):
        return view.faults.get(view.leader or name, f"{name} is not a voter at {status.address}{_why(name, view)}")
    if status.applied < index:
        return f"{name} has applied {status.applied} of {index} entries"
    return None


def lacks_vote(name: str, view: ClusterView) -> bool:
    """Whether this server answers, and all that it lacks is that the leader gives it a vote at its address."""
    return name in view.status and bool(view.peers) and not view.votes(name)


def _why(name: str, view: ClusterView) -> str:
    """Why a server that answers is no voter, in parentheses; empty if the leader did not say whom it has."""
    node_id, leader = view.status[name].node_id, f"the leader {view.leader or view.leads_outside}"
    if not view.peers:
        return ""
    if node_id in view.voters:
        return f" ({leader} has it at {view.voters[node_id]})"
    if node_id in view.without_vote:
        return f" (it is a Raft peer of {leader}, without a vote yet)"
    if name in view.peers:
        return f" ({leader} has another node ID under this name)"
    return f" (it answers, but {leader} has not added it to Raft)"


def others(leaving: str, names: Sequence[str], view: ClusterView) -> list[str]:
    """The servers that must be ready while `leaving` is down: all that precede it in the order of the rollout, and
    later ones that are Raft peers already."""
    earlier = names[: names.index(leaving)]
    later = names[names.index(leaving) + 1 :]
    return [*earlier, *(name for name in later if name in view.peers)]


def successor(leaving: str, names: Sequence[str], view: ClusterView) -> str | None:
    """The server that should lead instead of `leaving`: a voter that is replaced already, else the last one."""
    voters = [name for name in names if name != leaving and view.votes(name)]
    replaced = [name for name in voters if names.index(name) < names.index(leaving)]
    return replaced[0] if replaced else voters[-1] if voters else None


def next_to_replace(outdated: Sequence[str], down: Collection[str], view: ClusterView) -> str:
    """The server of `outdated` to replace next: first those in `down`, then followers in order, then the leader."""
    return min(outdated, key=lambda name: (name not in down, name == view.leader, outdated.index(name)))


def loses_quorum(leaving: str, view: ClusterView) -> bool:
    """Whether the rest of the cluster would have no quorum without `leaving`."""
    gone = view.status.get(leaving)
    remaining = view.voters.keys() - {gone.node_id if gone else None}
    answering = {status.node_id for name, status in view.status.items() if name != leaving} | view.outside.keys()
    return len(answering & remaining) < quorum(len(remaining))


def has_quorum(view: ClusterView) -> bool:
    """Whether a server leads and a majority of voters answers. A leader without a majority may still report to lead."""
    answering = {status.node_id for status in view.status.values()} | view.outside.keys()
    return view.led and len(answering & view.voters.keys()) >= quorum(len(view.voters))


def lost_quorum(view: ClusterView, names: Collection[str]) -> str:
    """Why the servers `names` will never elect a leader: all answer, but most have lost their data. Else empty."""
    have_data = survivors(view.status)
    if view.led or not have_data or not set(names) <= view.status.keys() or len(have_data) >= quorum(len(view.status)):
        return ""
    return f"only {', '.join(have_data)} has data, so the quorum is lost: run `consul-on-pulumi recover`"


def survivors(status: Mapping[str, ServerStatus]) -> list[str]:
    """The names of the servers that have data. A server with a new volume has an empty Raft log."""
    return sorted(name for name, server in status.items() if server.last > 0)


def recovery_peers(status: Mapping[str, ServerStatus], chosen: list[str]) -> Peers:
    """A Raft configuration with exactly the chosen servers, all of them voters."""
    return [{"id": status[name].node_id, "address": status[name].address, "non_voter": False} for name in chosen]

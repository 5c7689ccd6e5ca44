"""Decisions about servers that have to go or to come, one at a time, made from what was seen of them just now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from consul_on_pulumi.model.topology import quorum


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """What one server said of itself when it was asked just now."""

    node_id: str
    address: str
    """Where it takes part in Raft, `host:port`."""
    leads: bool
    term: int
    """Raft term; of two servers that claim to lead, the later one does."""
    commit: int
    """Index up to which it knows entries to be committed."""
    applied: int
    """Index up to which it has applied entries to its store."""
    last: int = 0
    """Index of the last entry in its log; 0 on a new volume."""
    spec_hash: str | None = None
    """Digest of what it was started with, if it was started by this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """The servers of a cluster as each of them and their leader see it."""

    status: Mapping[str, ServerStatus]
    """By node name; a server that did not answer is missing."""
    voters: Mapping[str, str]
    """Node ID to Raft address of every voter in the leader's Raft configuration; empty without a leader."""
    peers: frozenset[str] = frozenset()
    """Node names in the leader's Raft configuration, voters or not."""

    @property
    def leader(self) -> str | None:
        """The node name of the leader, if it answered."""
        leading = [(seen.term, name) for name, seen in self.status.items() if seen.leads]
        return max(leading)[1] if leading else None

    def votes(self, name: str) -> bool:
        """Whether this server answered and is a voter at the address that it gives."""
        seen = self.status.get(name)
        return seen is not None and self.voters.get(seen.node_id) == seen.address


def not_ready_reason(name: str, view: ClusterView, index: int) -> str | None:
    """Why this server cannot be relied on yet, or None when it is a voter that holds everything up to `index`.

    Autopilot's health is of no use here: it is stale for seconds after a fast replacement.
    """
    seen = view.status.get(name)
    if seen is None:
        return f"{name} does not answer"
    if not view.votes(name):
        return f"{name} is not a voter at {seen.address}"
    if seen.applied < index:
        return f"{name} has applied {seen.applied} of {index} entries"
    return None


def others(leaving: str, names: Sequence[str], view: ClusterView) -> list[str]:
    """The servers that must carry the cluster while `leaving` is away: all before it in the order of the roll, and
    those behind it that are part of the cluster already."""
    earlier = names[: names.index(leaving)]
    later = names[names.index(leaving) + 1 :]
    return [*earlier, *(name for name in later if name in view.peers)]


def successor(leaving: str, names: Sequence[str], view: ClusterView) -> str | None:
    """Who should lead instead of `leaving`: a voter that the roll has passed already, else the last it will reach."""
    able = [name for name in names if name != leaving and view.votes(name)]
    passed = [name for name in able if names.index(name) < names.index(leaving)]
    return passed[0] if passed else able[-1] if able else None


def next_to_go(outdated: Sequence[str], down: Collection[str], view: ClusterView) -> str:
    """Which of `outdated` is replaced next: one that is no loss, then the followers in their order, the leader last."""
    return min(outdated, key=lambda name: (name not in down, name == view.leader, outdated.index(name)))


def loses_quorum(leaving: str, view: ClusterView) -> bool:
    """Whether the cluster, once `leaving` is no member any more, could not agree on a write."""
    remaining = {node_id for node_id in view.voters if node_id != _id_of(leaving, view)}
    answering = {seen.node_id for name, seen in view.status.items() if name != leaving} & remaining
    return len(answering) < quorum(len(remaining))


def serves(view: ClusterView) -> bool:
    """Whether a majority of voters can follow the leader: one that was cut off from them claims to lead for a while."""
    answering = {seen.node_id for seen in view.status.values()} & view.voters.keys()
    return view.leader is not None and len(answering) >= quorum(len(view.voters))


def _id_of(name: str, view: ClusterView) -> str | None:
    seen = view.status.get(name)
    return seen.node_id if seen else None

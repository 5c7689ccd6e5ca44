"""The steps of a rollout: wait until the other servers are ready, move the leadership, remove a member.

Both platforms replace servers one at a time with these steps. The evidence comes from each server itself (Servers).
"""

import time
from collections.abc import Callable, Iterable, Sequence

from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.model.rollout import ClusterView

TIMEOUT = 60.0
"""Seconds after which a server that does not become ready stops the rollout."""
VOTE_TIMEOUT = 30.0
"""More seconds for servers that lack their vote alone. A leader that failed to add one looks for it again only after 60
seconds (Consul, agent/consul/leader.go, ReconcileInterval)."""
LEADER_TIMEOUT = 15.0
"""Seconds for an election. Without a leader nothing is served that a stopped server could interrupt."""
TRANSFERS = 3
"""How often a leader is asked to make another one the leader."""
TRANSFER_TIMEOUT = 5.0
"""Seconds for one transfer."""
CLIENTS_FOLLOW = 1.0
"""Seconds for clients that write to the leader to follow it, before the old leader is stopped."""
STOPPED = (
    "{reason}: the rollout stops here, no further server was touched and the others keep the quorum. "
    "Its log says why; correct the settings and run `pulumi up` again"
)
"""The message of a rollout that stops before its end."""


class RolloutStoppedError(Exception):
    """The rollout stops and the quorum stays as it was. The message names the server, the reason and what to do."""


def has_leader(view: ClusterView) -> bool:
    """Whether a server leads."""
    return view.led


def wait_until_ready(
    servers: Servers, required: Callable[[ClusterView], Iterable[str]]
) -> tuple[ClusterView | None, str]:
    """Wait until all `required` servers vote and have applied what was committed when a leader was first seen.

    Returns the view that shows it, or None after TIMEOUT and perhaps VOTE_TIMEOUT, and the reasons in the last view.
    """
    index = 0
    reasons: list[str] = []
    lack_votes = False

    def ready(view: ClusterView) -> bool:
        nonlocal index, reasons, lack_votes
        if not view.led:
            reasons, lack_votes = ["; ".join(view.faults.values()) or "no server leads"], False
            return False
        index = index or view.committed
        found = {name: rollout.not_ready_reason(name, view, index) for name in required(view)}
        reasons = [reason for reason in found.values() if reason]
        lack_votes = all(rollout.lacks_vote(name, view) for name, reason in found.items() if reason)
        return not reasons

    view = servers.wait_for(ready, TIMEOUT)
    if view is None and lack_votes:
        view = servers.wait_for(ready, VOTE_TIMEOUT)
    return view, "; ".join(reasons)


def wait_until_replaceable(servers: Servers, order: Sequence[str], leaving: str) -> None:
    """Wait until the others can serve without `leaving`, then move the leadership away from it.

    `order` lists the servers in the order of the rollout. Raises RolloutStoppedError, and RefusedError for a token that
    shows nothing.
    """
    if not servers.wait_for(has_leader, LEADER_TIMEOUT):
        # Nothing is served that the change could interrupt, and the change may be the repair.
        return
    view, reasons = wait_until_ready(servers, lambda view: rollout.others(leaving, order, view))
    if view is None:
        raise RolloutStoppedError(
            f"{reasons}: {leaving} was not touched, so the quorum stands. Repair that server and run `pulumi up` again"
        )
    if view.outside and rollout.loses_quorum(leaving, view):
        raise RolloutStoppedError(
            f"without {leaving} the {len(view.voters)} voters would have no quorum, since servers outside of this "
            "stack are not healthy: repair them or let them leave, and run `pulumi up` again"
        )
    transfer_leadership(servers, order, leaving, view)


def transfer_leadership(servers: Servers, order: Sequence[str], leaving: str, view: ClusterView) -> None:
    """Make another voter the leader if `leaving` leads and there is another. Raises RolloutStoppedError.

    A leader that still leads after a transfer, as upgrades on a busy machine showed, is asked again.
    """
    for _ in range(TRANSFERS):
        successor = rollout.successor(leaving, order, view)
        if view.leader != leaving or successor is None:
            return
        servers.transfer_leadership(leaving, successor, view.status[successor].node_id)
        moved = servers.wait_for(lambda now: now.leader not in (None, leaving), TRANSFER_TIMEOUT)
        view = moved or servers.wait_for(has_leader, LEADER_TIMEOUT) or view
        if view.leader != leaving:
            time.sleep(CLIENTS_FOLLOW)
            return
    raise RolloutStoppedError(
        f"{leaving} still leads after {TRANSFERS} transfers to {successor}: read the log of {successor}, then run "
        "`pulumi up` again"
    )


def require_quorum_without(servers: Servers, leaving: str) -> ClusterView:
    """The view of a cluster that can lose `leaving`. Raises RolloutStoppedError where the rest would have no quorum."""
    view = servers.wait_for(has_leader, LEADER_TIMEOUT)
    if view is None or rollout.loses_quorum(leaving, view):
        faults = "; ".join((view or servers.view()).faults.values())
        why = f" ({faults})" if faults else ""
        raise RolloutStoppedError(
            f"without {leaving} the rest would have no quorum{why}: repair the other servers first"
        )
    return view


def remove_member(servers: Servers, name: str) -> None:
    """Wait until no server knows `name`, and let each that still does remove it. Raises RolloutStoppedError."""
    asked: set[str] = set()

    def removed(view: ClusterView) -> bool:
        if not view.led or not view.status:
            return False
        # Any server passes the request on to the leader.
        by = view.leader or next(iter(view.status))
        address = servers.peer_address(by, name)
        # Each server keeps its own list, and one that missed the message would pass the member on again.
        knowing = [other for other in view.status if name in servers.members(other)]
        for other in knowing or ([by] if address else []):
            servers.force_leave(other, name, address)
            asked.add(other)
        return not knowing and address is None

    if not servers.wait_for(removed, TIMEOUT):
        why = "".join(map(servers.refused, sorted(asked)))
        raise RolloutStoppedError(f"{name} is gone but still a member, or no server leads{why}: run `pulumi up` again")


def leave_others(servers: Servers, names: Iterable[str]) -> None:
    """Let these servers leave Raft, one after the other, as long as voters outside of this stack stay: they would lose
    their quorum with servers that only stop."""
    for name in names:
        if not servers.view().outside:
            return
        servers.leave(name)

"""Decisions of a rollout."""

from dataclasses import replace
from typing import Any

import pytest
from consul_on_pulumi.model.rollout import (
    ClusterView,
    ServerStatus,
    has_quorum,
    lacks_vote,
    loses_quorum,
    lost_quorum,
    not_ready_reason,
    others,
    successor,
)

NAMES = ["dev-server-0", "dev-server-1", "dev-server-2"]


def server(name: str, **changed: Any) -> ServerStatus:
    usual: dict[str, Any] = {
        "node_id": f"id-of-{name}",
        "address": f"{name}:8300",
        "leads": False,
        "term": 3,
        "commit": 100,
        "applied": 100,
    }
    return ServerStatus(**usual | changed)


def view(*, no_answer: str = "", leads: str = NAMES[0], members: list[str] = NAMES, **changed: Any) -> ClusterView:
    """All servers vote and have caught up, except for what is `changed` of server 1."""
    seen = {name: server(name, leads=name == leads) for name in members if name != no_answer}
    if changed:
        seen[NAMES[1]] = server(NAMES[1], **changed)
    return ClusterView(
        status=seen,
        voters={f"id-of-{name}": f"{name}:8300" for name in members},
        peers=frozenset(members),
    )


def test_the_leader_is_the_one_with_the_later_term_when_two_claim_to_be() -> None:
    assert view(leads=NAMES[0]).leader == NAMES[0]
    both = ClusterView(
        status={"old": server("old", leads=True, term=3), "new": server("new", leads=True, term=4)}, voters={}
    )
    assert both.leader == "new"


def test_a_cluster_that_does_not_answer_has_no_leader() -> None:
    assert ClusterView(status={}, voters={}).leader is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"applied": 99}, "dev-server-1 has applied 99 of 100 entries"),
        (
            {"node_id": "another"},
            "dev-server-1 is not a voter at dev-server-1:8300 (the leader dev-server-0 has another node ID under this "
            "name)",
        ),
        (
            {"address": "elsewhere:8300"},
            "dev-server-1 is not a voter at elsewhere:8300 (the leader dev-server-0 has it at dev-server-1:8300)",
        ),
    ],
)
def test_a_server_is_not_ready_until_it_votes_at_its_address_and_has_caught_up(
    changed: dict[str, Any], reason: str | None
) -> None:
    assert not_ready_reason(NAMES[1], view(**changed), index=100) == reason


@pytest.mark.parametrize(
    ("leader", "why"),
    [
        ({"peers": frozenset(NAMES[:1])}, " (it answers, but the leader dev-server-0 has not added it to Raft)"),
        (
            {"peers": frozenset(NAMES), "without_vote": frozenset({f"id-of-{NAMES[1]}"})},
            " (it is a Raft peer of the leader dev-server-0, without a vote yet)",
        ),
        ({"peers": frozenset()}, ""),
    ],
    ids=["no peer", "no vote", "the leader does not say"],
)
def test_a_server_that_answers_and_is_no_voter_is_named_with_what_the_leader_has(
    leader: dict[str, Any], why: str
) -> None:
    seen = replace(view(), voters={f"id-of-{NAMES[0]}": f"{NAMES[0]}:8300"}, **leader)

    assert not_ready_reason(NAMES[1], seen, index=100) == f"dev-server-1 is not a voter at dev-server-1:8300{why}"
    assert lacks_vote(NAMES[1], seen) is bool(why)


def test_a_server_that_does_not_answer_is_not_ready() -> None:
    assert not_ready_reason(NAMES[1], view(no_answer=NAMES[1]), index=100) == "dev-server-1 does not answer"


def test_all_other_members_must_be_ready() -> None:
    assert others(NAMES[0], NAMES, view()) == NAMES[1:]
    assert others(NAMES[1], NAMES, view()) == [NAMES[0], NAMES[2]]


def test_a_server_that_is_not_created_yet_is_not_waited_for() -> None:
    grown = [*NAMES, "dev-server-3", "dev-server-4"]

    assert others("dev-server-3", grown, view()) == NAMES
    assert others("dev-server-4", grown, view()) == [*NAMES, "dev-server-3"]


def test_the_new_leader_is_a_replaced_server_else_the_last_one() -> None:
    assert successor(NAMES[0], NAMES, view()) == NAMES[2]
    assert successor(NAMES[1], NAMES, view()) == NAMES[0]
    assert successor(NAMES[2], NAMES, view()) == NAMES[0]


def test_the_new_leader_answers_and_is_a_voter() -> None:
    assert successor(NAMES[2], NAMES, view(no_answer=NAMES[0])) == NAMES[1]
    assert successor(NAMES[0], NAMES, view(no_answer=NAMES[2], node_id="another")) is None


def test_a_single_server_has_no_successor() -> None:
    assert successor(NAMES[0], NAMES[:1], view(members=NAMES[:1])) is None


@pytest.mark.parametrize(
    ("members", "no_answer", "leaving", "loses"),
    [
        (NAMES, "", NAMES[2], False),
        (NAMES, NAMES[2], NAMES[2], False),
        (NAMES, NAMES[1], NAMES[2], True),
        (NAMES[:2], "", NAMES[1], False),
        (NAMES[:2], NAMES[0], NAMES[1], True),
    ],
)
def test_a_server_may_leave_only_if_the_rest_has_a_quorum(
    members: list[str], no_answer: str, leaving: str, loses: bool
) -> None:
    assert loses_quorum(leaving, view(members=members, no_answer=no_answer)) is loses


def test_a_leader_without_a_majority_has_no_quorum() -> None:
    assert has_quorum(view())
    assert has_quorum(view(no_answer=NAMES[2]))
    alone = ClusterView(status={NAMES[0]: server(NAMES[0], leads=True)}, voters=view().voters, peers=view().peers)
    assert alone.leader == NAMES[0]
    assert not has_quorum(alone)
    assert not has_quorum(view(leads=""))


@pytest.mark.parametrize(
    ("lasts", "leads", "lost"),
    [((9, 0, 0), False, True), ((9, 9, 0), False, False), ((0, 0, 0), False, False), ((9, 0, 0), True, False)],
    ids=["most lost their data", "a majority has data", "a new cluster", "a leader"],
)
def test_b10_a_quorum_is_lost_if_most_servers_lost_their_data(lasts: tuple[int, ...], leads: bool, lost: bool) -> None:
    status = {
        name: server(name, last=last, leads=leads and name == NAMES[0]) for name, last in zip(NAMES, lasts, strict=True)
    }

    assert bool(lost_quorum(ClusterView(status=status, voters={}), NAMES)) is lost
    assert lost_quorum(ClusterView(status={NAMES[0]: status[NAMES[0]]}, voters={}), NAMES) == ""

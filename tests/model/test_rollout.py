"""Decisions of a roll, from views made by hand."""

from typing import Any

import pytest
from consul_on_pulumi.model.rollout import (
    ClusterView,
    ServerStatus,
    loses_quorum,
    not_ready_reason,
    others,
    serves,
    successor,
)

NAMES = ["dev-server-0", "dev-server-1", "dev-server-2"]


def server(name: str, **said: Any) -> ServerStatus:
    usual: dict[str, Any] = {
        "node_id": f"id-of-{name}",
        "address": f"{name}:8300",
        "leads": False,
        "term": 3,
        "commit": 100,
        "applied": 100,
    }
    return ServerStatus(**usual | said)


def view(*, silent: str = "", leads: str = NAMES[0], members: list[str] = NAMES, **said: Any) -> ClusterView:
    """Everybody votes and has caught up, but for what is said of server 1."""
    seen = {name: server(name, leads=name == leads) for name in members if name != silent}
    if said:
        seen[NAMES[1]] = server(NAMES[1], **said)
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


def test_nobody_leads_a_cluster_that_does_not_answer() -> None:
    assert ClusterView(status={}, voters={}).leader is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, None),
        ({"applied": 99}, "dev-server-1 has applied 99 of 100 entries"),
        ({"node_id": "another"}, "dev-server-1 is not a voter at dev-server-1:8300"),
        ({"address": "elsewhere:8300"}, "dev-server-1 is not a voter at elsewhere:8300"),
    ],
)
def test_a_server_hinders_until_it_votes_at_its_address_and_has_caught_up(
    said: dict[str, Any], reason: str | None
) -> None:
    assert not_ready_reason(NAMES[1], view(**said), index=100) == reason


def test_a_silent_server_hinders() -> None:
    assert not_ready_reason(NAMES[1], view(silent=NAMES[1]), index=100) == "dev-server-1 does not answer"


def test_all_other_members_must_carry_the_cluster() -> None:
    assert others(NAMES[0], NAMES, view()) == NAMES[1:]
    assert others(NAMES[1], NAMES, view()) == [NAMES[0], NAMES[2]]


def test_a_server_that_is_yet_to_come_is_not_waited_for_but_one_that_just_came_is() -> None:
    grown = [*NAMES, "dev-server-3", "dev-server-4"]

    assert others("dev-server-3", grown, view()) == NAMES
    assert others("dev-server-4", grown, view()) == [*NAMES, "dev-server-3"]


def test_leadership_goes_to_a_server_that_the_roll_has_passed_else_to_the_last_one() -> None:
    assert successor(NAMES[0], NAMES, view()) == NAMES[2]
    assert successor(NAMES[1], NAMES, view()) == NAMES[0]
    assert successor(NAMES[2], NAMES, view()) == NAMES[0]


def test_leadership_never_goes_to_a_server_that_is_silent_or_no_voter() -> None:
    assert successor(NAMES[2], NAMES, view(silent=NAMES[0])) == NAMES[1]
    assert successor(NAMES[0], NAMES, view(silent=NAMES[2], node_id="another")) is None


def test_a_single_server_has_no_heir() -> None:
    assert successor(NAMES[0], NAMES[:1], view(members=NAMES[:1])) is None


@pytest.mark.parametrize(
    ("members", "silent", "leaving", "loses"),
    [
        (NAMES, "", NAMES[2], False),
        (NAMES, NAMES[2], NAMES[2], False),
        (NAMES, NAMES[1], NAMES[2], True),
        (NAMES[:2], "", NAMES[1], False),
        (NAMES[:2], NAMES[0], NAMES[1], True),
    ],
)
def test_a_cluster_may_shrink_only_while_the_rest_has_a_majority(
    members: list[str], silent: str, leaving: str, loses: bool
) -> None:
    assert loses_quorum(leaving, view(members=members, silent=silent)) is loses


def test_a_leader_without_a_majority_serves_nobody() -> None:
    assert serves(view())
    assert serves(view(silent=NAMES[2]))
    alone = ClusterView(status={NAMES[0]: server(NAMES[0], leads=True)}, voters=view().voters, peers=view().peers)
    assert alone.leader == NAMES[0]
    assert not serves(alone)
    assert not serves(view(leads=""))

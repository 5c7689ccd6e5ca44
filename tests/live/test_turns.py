"""The gate before a server and the seat behind it, on a cluster played by hand. Real Raft is for the real engine."""

from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from components.live import gate, seat, volumes
from components.live.crashes import Crashes
from components.live.gate import VoterGateProvider
from components.live.seat import RaftSeatProvider
from components.live.turn import RollStoppedError
from tests.live.played_servers import NAMES, PlayedServers


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> PlayedServers:
    servers = PlayedServers()
    monkeypatch.setattr(gate, "turn_servers", lambda _props: servers)
    monkeypatch.setattr(seat, "turn_servers", lambda _props: servers)
    monkeypatch.setattr(gate, "FOLLOWING", 0.0)
    monkeypatch.setattr(volumes, "remove_data", lambda server: servers.done.append(("remove data", server)))
    monkeypatch.setattr(Crashes, "words", lambda _self: None)
    return servers


def turn(ordinal: int, **more: Any) -> dict[str, Any]:
    return {
        "server": NAMES[ordinal],
        "names": NAMES,
        "addresses": ["http://one", "http://two", "http://three"],
        "definition": "old",
        "agent": "container",
        "revision": 1,
    } | more


def open_gate(ordinal: int) -> dict[str, Any]:
    outs: dict[str, Any] = VoterGateProvider().update("id", turn(ordinal), turn(ordinal, definition="new")).outs
    return outs


@pytest.mark.parametrize(
    ("wanted", "running", "changes"),
    [("old", "old", False), ("new", "old", True), (UNKNOWN, "old", True), ("old", "older", True), ("old", None, False)],
    ids=["as it was", "another", "not known yet", "never changed after the last opening", "silent"],
)
def test_a_gate_has_to_open_when_its_server_is_to_change(
    played: PlayedServers, wanted: str, running: str | None, changes: bool
) -> None:
    if running is None:
        played.down.add(NAMES[1])
    else:
        played.running[NAMES[1]] = running

    result = VoterGateProvider().diff("id", turn(1), turn(1, definition=wanted))

    assert result.changes is changes
    assert not result.replaces


def test_a_gate_opens_when_all_others_are_voters_that_have_caught_up(played: PlayedServers) -> None:
    assert open_gate(1) == turn(1, definition="new")
    assert played.done == []


def test_a_leader_hands_over_before_it_is_touched(played: PlayedServers) -> None:
    open_gate(0)

    assert played.done == [("transfer", NAMES[0], NAMES[2], f"id-of-{NAMES[2]}")]


def test_a_leader_that_does_not_let_go_is_not_touched(played: PlayedServers) -> None:
    played.deaf = True

    with pytest.raises(RollStoppedError) as caught:
        open_gate(0)

    assert str(caught.value) == "dev-server-0 still leads after handing over to dev-server-2: run `pulumi up` again"


def test_a_gate_waits_for_a_server_that_is_on_its_way_back(played: PlayedServers) -> None:
    played.down.add(NAMES[2])
    played.applied[NAMES[2]] = 90
    played.events = [lambda: played.down.clear(), lambda: played.applied.update({NAMES[2]: 100})]

    open_gate(1)

    assert played.events == []


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (lambda played: played.down.add(NAMES[2]), "dev-server-2 does not answer"),
        (lambda played: played.learning.add(NAMES[2]), "dev-server-2 is not a voter at dev-server-2:8300"),
        (lambda played: played.applied.update({NAMES[2]: 99}), "dev-server-2 has applied 99 of 100 entries"),
    ],
    ids=["silent", "no voter", "behind"],
)
@pytest.mark.parametrize("ordinal", [0, 1])
def test_a_gate_stays_shut_while_another_server_is_in_trouble(
    played: PlayedServers, ordinal: int, trouble: Callable[[PlayedServers], object], reason: str
) -> None:
    trouble(played)

    with pytest.raises(RollStoppedError) as caught:
        open_gate(ordinal)

    assert str(caught.value) == (
        f"{reason}: dev-server-{ordinal} was not touched, so the quorum stands. "
        "Mend that server and run `pulumi up` again"
    )
    assert played.done == []


def test_without_a_leader_nothing_is_served_that_a_gate_could_protect(played: PlayedServers) -> None:
    played.leader = None
    played.down = {NAMES[1], NAMES[2]}

    assert open_gate(0) == turn(0, definition="new")


def test_an_election_that_is_under_way_is_waited_for(played: PlayedServers) -> None:
    played.leader = None
    played.events = [lambda: setattr(played, "leader", NAMES[1])]

    open_gate(1)

    assert played.done == [("transfer", NAMES[1], NAMES[0], f"id-of-{NAMES[0]}")]


def test_at_the_birth_of_a_cluster_gate_and_seat_wait_for_nobody(played: PlayedServers) -> None:
    played.leader = None
    played.down = set(NAMES)

    for provider in (VoterGateProvider(), RaftSeatProvider()):
        result = provider.create(turn(0))

        assert (result.id, result.outs) == (NAMES[0], turn(0))


def test_a_server_that_joins_a_living_cluster_waits_at_the_gate_and_for_its_vote(played: PlayedServers) -> None:
    played.learning.add(NAMES[1])

    with pytest.raises(RollStoppedError, match="dev-server-1 is not a voter"):
        VoterGateProvider().create(turn(2))
    with pytest.raises(RollStoppedError, match="dev-server-1 is not a voter"):
        RaftSeatProvider().create(turn(1))


def test_a_server_that_is_gone_is_forgotten_by_all_that_still_know_it(played: PlayedServers) -> None:
    played.down.add(NAMES[2])
    played.known_by[NAMES[1]].discard(NAMES[2])

    VoterGateProvider().delete("id", turn(2))

    assert played.done == [("forget", NAMES[0], NAMES[2], f"{NAMES[2]}:8300"), ("remove data", NAMES[2])]


def test_a_raft_peer_that_no_member_list_holds_is_removed_too(played: PlayedServers) -> None:
    played.down.add(NAMES[2])
    for known in played.known_by.values():
        known.discard(NAMES[2])

    VoterGateProvider().delete("id", turn(2))

    assert played.done == [("forget", NAMES[0], NAMES[2], f"{NAMES[2]}:8300"), ("remove data", NAMES[2])]


def test_bug_a_server_that_left_raft_leaves_no_data_that_could_vote_again(played: PlayedServers) -> None:
    played.names.remove(NAMES[2])
    for known in played.known_by.values():
        known.discard(NAMES[2])

    VoterGateProvider().delete("id", turn(2))

    assert played.done == [("remove data", NAMES[2])]


def test_a_server_that_cannot_be_forgotten_is_told(played: PlayedServers) -> None:
    played.down.add(NAMES[2])
    played.deaf = True

    with pytest.raises(RollStoppedError) as caught:
        VoterGateProvider().delete("id", turn(2))

    assert str(caught.value) == ("dev-server-2 is gone but still a member, or no server leads: run `pulumi up` again")
    assert ("remove data", NAMES[2]) not in played.done


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({}, False),
        ({"addresses": ["http://other"]}, False),
        ({"definition": "new"}, True),
        ({"agent": UNKNOWN}, True),
        ({"revision": 2}, True),
    ],
    ids=str,
)
def test_a_seat_waits_again_for_a_server_that_changes_or_was_brought_back(
    change: dict[str, Any], changes: bool
) -> None:
    olds = turn(1, agent="container")

    assert RaftSeatProvider().diff("id", olds, olds | change).changes is changes


def test_a_seat_is_taken_when_the_server_votes_and_has_caught_up(played: PlayedServers) -> None:
    played.down.add(NAMES[1])
    played.learning.add(NAMES[1])
    played.events = [played.down.clear, played.learning.clear]

    result = RaftSeatProvider().update("id", turn(1), turn(1, definition="new"))

    assert result.outs == turn(1, definition="new")
    assert played.events == []


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (lambda played: played.down.add(NAMES[1]), "dev-server-1 does not answer"),
        (lambda played: played.learning.add(NAMES[1]), "dev-server-1 is not a voter at dev-server-1:8300"),
        (lambda played: played.applied.update({NAMES[1]: 99}), "dev-server-1 has applied 99 of 100 entries"),
    ],
    ids=["silent", "no voter", "behind"],
)
def test_a_server_that_takes_no_seat_stops_the_roll(
    played: PlayedServers, trouble: Callable[[PlayedServers], object], reason: str
) -> None:
    trouble(played)

    with pytest.raises(RollStoppedError) as caught:
        RaftSeatProvider().update("id", turn(1), turn(1, definition="new"))

    assert str(caught.value) == (
        f"{reason}: the roll stops here, no further server was touched and the others keep the quorum. "
        "Its log says why; correct the settings and run `pulumi up` again"
    )


def test_a_server_that_ends_as_soon_as_it_starts_is_not_waited_for(
    played: PlayedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    played.down.add(NAMES[1])
    said = iter([None, None, "raft_multiplier cannot be 99"])
    monkeypatch.setattr(Crashes, "words", lambda _self: next(said))

    with pytest.raises(RollStoppedError) as caught:
        RaftSeatProvider().update("id", turn(1), turn(1, definition="new"))

    reason = "dev-server-1 ends as soon as it starts (raft_multiplier cannot be 99)"
    assert str(caught.value).startswith(f"{reason}: the roll stops here")


def test_without_a_majority_a_server_that_answers_is_enough_to_go_on_and_a_silent_one_is_not(
    played: PlayedServers,
) -> None:
    played.leader = None
    played.down = {NAMES[2]}

    assert RaftSeatProvider().update("id", turn(1), turn(1)).outs == turn(1)
    with pytest.raises(RollStoppedError, match="dev-server-2 does not answer"):
        RaftSeatProvider().update("id", turn(2), turn(2))


def test_a_server_that_has_to_go_leaves_raft_before_its_container_does(played: PlayedServers) -> None:
    RaftSeatProvider().delete("id", turn(2))

    assert played.done == [("leave", NAMES[2])]
    assert played.look().peers == {NAMES[0], NAMES[1]}


def test_a_leader_that_has_to_go_hands_over_first(played: PlayedServers) -> None:
    played.leader = NAMES[2]

    RaftSeatProvider().delete("id", turn(2))

    assert played.done == [("transfer", NAMES[2], NAMES[0], f"id-of-{NAMES[0]}"), ("leave", NAMES[2])]


@pytest.mark.parametrize("leader", [NAMES[0], None])
def test_a_server_that_the_rest_cannot_do_without_stays(played: PlayedServers, leader: str | None) -> None:
    played.leader = leader
    played.down.add(NAMES[1])

    with pytest.raises(RollStoppedError) as caught:
        RaftSeatProvider().delete("id", turn(2))

    assert str(caught.value) == "without dev-server-2 the rest would have no quorum: mend the other servers first"
    assert played.done == []


def test_a_server_that_does_not_leave_keeps_its_container(played: PlayedServers) -> None:
    played.deaf = True

    with pytest.raises(RollStoppedError) as caught:
        RaftSeatProvider().delete("id", turn(2))

    assert str(caught.value) == "dev-server-2 did not leave Raft and was not removed: run `pulumi up` again"

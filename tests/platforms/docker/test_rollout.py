"""The gate before a server and the seat behind it, on a cluster played by hand. Real Raft is for the real engine."""

from collections.abc import Callable
from typing import Any

import pytest
from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.docker import volumes
from consul_on_pulumi.platforms.docker.crash_loop import CrashLoop
from consul_on_pulumi.platforms.docker.providers import raft_peer, voter_gate
from consul_on_pulumi.platforms.docker.providers.raft_peer import RaftPeerProvider
from consul_on_pulumi.platforms.docker.providers.voter_gate import VoterGateProvider
from pulumi.runtime.rpc import UNKNOWN

from tests.doubles.scripted_servers import NAMES, ScriptedServers


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> ScriptedServers:
    servers = ScriptedServers()
    monkeypatch.setattr(voter_gate, "servers_of", lambda _props: servers)
    monkeypatch.setattr(raft_peer, "servers_of", lambda _props: servers)
    monkeypatch.setattr(rollout, "CLIENTS_FOLLOW", 0.0)
    monkeypatch.setattr(volumes, "remove_data", lambda server: servers.done.append(("remove data", server)))
    monkeypatch.setattr(CrashLoop, "last_log_lines", lambda _self: None)
    return servers


def turn(ordinal: int, **more: Any) -> dict[str, Any]:
    return {
        "server": NAMES[ordinal],
        "names": NAMES,
        "addresses": ["http://one", "http://two", "http://three"],
        "spec_hash": "old",
        "agent": "container",
        "revision": 1,
    } | more


def open_gate(ordinal: int) -> dict[str, Any]:
    outs: dict[str, Any] = VoterGateProvider().update("id", turn(ordinal), turn(ordinal, spec_hash="new")).outs
    return outs


@pytest.mark.parametrize(
    ("wanted", "running", "changes"),
    [("old", "old", False), ("new", "old", True), (UNKNOWN, "old", True), ("old", "older", True), ("old", None, False)],
    ids=["as it was", "another", "not known yet", "never changed after the last opening", "silent"],
)
def test_a_gate_has_to_open_when_its_server_is_to_change(
    played: ScriptedServers, wanted: str, running: str | None, changes: bool
) -> None:
    if running is None:
        played.down.add(NAMES[1])
    else:
        played.running[NAMES[1]] = running

    result = VoterGateProvider().diff("id", turn(1), turn(1, spec_hash=wanted))

    assert result.changes is changes
    assert not result.replaces


def test_a_gate_opens_when_all_others_are_voters_that_have_caught_up(played: ScriptedServers) -> None:
    assert open_gate(1) == turn(1, spec_hash="new")
    assert played.done == []


def test_a_leader_hands_over_before_it_is_touched(played: ScriptedServers) -> None:
    open_gate(0)

    assert played.done == [("transfer", NAMES[0], NAMES[2], f"id-of-{NAMES[2]}")]


def test_a_leader_that_does_not_let_go_is_not_touched(played: ScriptedServers) -> None:
    played.deaf = True

    with pytest.raises(RolloutStoppedError) as caught:
        open_gate(0)

    assert str(caught.value) == "dev-server-0 still leads after the transfer to dev-server-2: run `pulumi up` again"


def test_a_gate_waits_for_a_server_that_is_on_its_way_back(played: ScriptedServers) -> None:
    played.down.add(NAMES[2])
    played.applied[NAMES[2]] = 90
    played.events = [lambda: played.down.clear(), lambda: played.applied.update({NAMES[2]: 100})]

    open_gate(1)

    assert played.events == []


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (lambda played: played.down.add(NAMES[2]), "dev-server-2 does not answer"),
        (lambda played: played.learning.add(NAMES[2]), "dev-server-2 is not a voter at dev-server-2:8300"),
        (lambda played: played.applied.update({NAMES[2]: 99}), "dev-server-2 has applied 99 of 100 entries"),
    ],
    ids=["silent", "no voter", "behind"],
)
@pytest.mark.parametrize("ordinal", [0, 1])
def test_a_gate_stays_shut_while_another_server_is_in_trouble(
    played: ScriptedServers, ordinal: int, problem: Callable[[ScriptedServers], object], reason: str
) -> None:
    problem(played)

    with pytest.raises(RolloutStoppedError) as caught:
        open_gate(ordinal)

    assert str(caught.value) == (
        f"{reason}: dev-server-{ordinal} was not touched, so the quorum stands. "
        "Repair that server and run `pulumi up` again"
    )
    assert played.done == []


def test_without_a_leader_nothing_is_served_that_a_gate_could_protect(played: ScriptedServers) -> None:
    played.leader = None
    played.down = {NAMES[1], NAMES[2]}

    assert open_gate(0) == turn(0, spec_hash="new")


def test_an_election_that_is_under_way_is_waited_for(played: ScriptedServers) -> None:
    played.leader = None
    played.events = [lambda: setattr(played, "leader", NAMES[1])]

    open_gate(1)

    assert played.done == [("transfer", NAMES[1], NAMES[0], f"id-of-{NAMES[0]}")]


def test_at_the_birth_of_a_cluster_gate_and_seat_wait_for_nobody(played: ScriptedServers) -> None:
    played.leader = None
    played.down = set(NAMES)

    for provider in (VoterGateProvider(), RaftPeerProvider()):
        result = provider.create(turn(0))

        assert (result.id, result.outs) == (NAMES[0], turn(0))


def test_a_server_that_joins_a_living_cluster_waits_at_the_gate_and_for_its_vote(played: ScriptedServers) -> None:
    played.learning.add(NAMES[1])

    with pytest.raises(RolloutStoppedError, match="dev-server-1 is not a voter"):
        VoterGateProvider().create(turn(2))
    with pytest.raises(RolloutStoppedError, match="dev-server-1 is not a voter"):
        RaftPeerProvider().create(turn(1))


def test_a_server_that_is_gone_is_forgotten_by_all_that_still_know_it(played: ScriptedServers) -> None:
    played.down.add(NAMES[2])
    played.known_by[NAMES[1]].discard(NAMES[2])

    VoterGateProvider().delete("id", turn(2))

    assert played.done == [("forget", NAMES[0], NAMES[2], f"{NAMES[2]}:8300"), ("remove data", NAMES[2])]


def test_a_raft_peer_that_no_member_list_holds_is_removed_too(played: ScriptedServers) -> None:
    played.down.add(NAMES[2])
    for known in played.known_by.values():
        known.discard(NAMES[2])

    VoterGateProvider().delete("id", turn(2))

    assert played.done == [("forget", NAMES[0], NAMES[2], f"{NAMES[2]}:8300"), ("remove data", NAMES[2])]


def test_bug_a_server_that_left_raft_leaves_no_data_that_could_vote_again(played: ScriptedServers) -> None:
    played.names.remove(NAMES[2])
    for known in played.known_by.values():
        known.discard(NAMES[2])

    VoterGateProvider().delete("id", turn(2))

    assert played.done == [("remove data", NAMES[2])]


def test_a_server_that_cannot_be_forgotten_is_told(played: ScriptedServers) -> None:
    played.down.add(NAMES[2])
    played.deaf = True

    with pytest.raises(RolloutStoppedError) as caught:
        VoterGateProvider().delete("id", turn(2))

    assert str(caught.value) == ("dev-server-2 is gone but still a member, or no server leads: run `pulumi up` again")
    assert ("remove data", NAMES[2]) not in played.done


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({}, False),
        ({"addresses": ["http://other"]}, False),
        ({"spec_hash": "new"}, True),
        ({"agent": UNKNOWN}, True),
        ({"revision": 2}, True),
    ],
    ids=str,
)
def test_a_seat_waits_again_for_a_server_that_changes_or_was_brought_back(
    change: dict[str, Any], changes: bool
) -> None:
    olds = turn(1, agent="container")

    assert RaftPeerProvider().diff("id", olds, olds | change).changes is changes


def test_a_seat_is_taken_when_the_server_votes_and_has_caught_up(played: ScriptedServers) -> None:
    played.down.add(NAMES[1])
    played.learning.add(NAMES[1])
    played.events = [played.down.clear, played.learning.clear]

    result = RaftPeerProvider().update("id", turn(1), turn(1, spec_hash="new"))

    assert result.outs == turn(1, spec_hash="new")
    assert played.events == []


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (lambda played: played.down.add(NAMES[1]), "dev-server-1 does not answer"),
        (lambda played: played.learning.add(NAMES[1]), "dev-server-1 is not a voter at dev-server-1:8300"),
        (lambda played: played.applied.update({NAMES[1]: 99}), "dev-server-1 has applied 99 of 100 entries"),
    ],
    ids=["silent", "no voter", "behind"],
)
def test_a_server_that_takes_no_seat_stops_the_roll(
    played: ScriptedServers, problem: Callable[[ScriptedServers], object], reason: str
) -> None:
    problem(played)

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().update("id", turn(1), turn(1, spec_hash="new"))

    assert str(caught.value) == (
        f"{reason}: the rollout stops here, no further server was touched and the others keep the quorum. "
        "Its log says why; correct the settings and run `pulumi up` again"
    )


def test_a_server_that_ends_as_soon_as_it_starts_is_not_waited_for(
    played: ScriptedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    played.down.add(NAMES[1])
    said = iter([None, None, "raft_multiplier cannot be 99"])
    monkeypatch.setattr(CrashLoop, "last_log_lines", lambda _self: next(said))

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().update("id", turn(1), turn(1, spec_hash="new"))

    reason = "dev-server-1 ends as soon as it starts (raft_multiplier cannot be 99)"
    assert str(caught.value).startswith(f"{reason}: the rollout stops here")


def test_without_a_majority_a_server_that_answers_is_enough_to_go_on_and_a_silent_one_is_not(
    played: ScriptedServers,
) -> None:
    played.leader = None
    played.down = {NAMES[2]}

    assert RaftPeerProvider().update("id", turn(1), turn(1)).outs == turn(1)
    with pytest.raises(RolloutStoppedError, match="dev-server-2 does not answer"):
        RaftPeerProvider().update("id", turn(2), turn(2))


def test_a_server_that_has_to_go_leaves_raft_before_its_container_does(played: ScriptedServers) -> None:
    RaftPeerProvider().delete("id", turn(2))

    assert played.done == [("leave", NAMES[2])]
    assert played.look().peers == {NAMES[0], NAMES[1]}


def test_a_leader_that_has_to_go_hands_over_first(played: ScriptedServers) -> None:
    played.leader = NAMES[2]

    RaftPeerProvider().delete("id", turn(2))

    assert played.done == [("transfer", NAMES[2], NAMES[0], f"id-of-{NAMES[0]}"), ("leave", NAMES[2])]


@pytest.mark.parametrize("leader", [NAMES[0], None])
def test_a_server_that_the_rest_cannot_do_without_stays(played: ScriptedServers, leader: str | None) -> None:
    played.leader = leader
    played.down.add(NAMES[1])

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().delete("id", turn(2))

    assert str(caught.value) == "without dev-server-2 the rest would have no quorum: repair the other servers first"
    assert played.done == []


def test_a_server_that_does_not_leave_keeps_its_container(played: ScriptedServers) -> None:
    played.deaf = True

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().delete("id", turn(2))

    assert str(caught.value) == "dev-server-2 did not leave Raft and was not removed: run `pulumi up` again"

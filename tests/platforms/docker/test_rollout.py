"""VoterGate and RaftPeer of one server, with scripted servers. Real Raft is tested in tests/e2e."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.crash import CrashLoop
from consul_on_pulumi.platforms.docker.providers import raft_peer, voter_gate, voters
from consul_on_pulumi.platforms.docker.providers.raft_peer import RaftPeerProvider
from consul_on_pulumi.platforms.docker.providers.voter_gate import VoterGateProvider
from consul_on_pulumi.platforms.docker.providers.voters import VotersProvider
from pulumi.runtime.rpc import UNKNOWN

from tests.doubles.fake_docker import FakeDocker
from tests.doubles.scripted_servers import MAX_VIEWS, NAMES, ScriptedServers


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> ScriptedServers:
    servers = ScriptedServers()
    monkeypatch.setattr(voter_gate, "servers_of", lambda _props: servers)
    monkeypatch.setattr(raft_peer, "servers_of", lambda _props: servers)
    monkeypatch.setattr(voters, "servers_of", lambda _props: servers)
    monkeypatch.setattr(rollout, "CLIENTS_FOLLOW", 0.0)
    monkeypatch.setattr(engine, "remove_volume", lambda _connection, name: servers.done.append(("remove volume", name)))
    monkeypatch.setattr(CrashLoop, "reason", lambda _self: None)
    return servers


def props(ordinal: int, **more: Any) -> dict[str, Any]:
    return {
        "server": NAMES[ordinal],
        "names": NAMES,
        "addresses": ["http://one", "http://two", "http://three"],
        "spec_hash": "old",
        "agent": "container",
        "revision": 1,
    } | more


def test_a_server_is_asked_where_it_is_now_while_a_rollout_changes_the_ports(
    engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a gate finds no leader at the new ports, and opens without a look at the other servers."""
    moved = engine.container(NAMES[1])
    moved["Ports"] = [
        {"PrivatePort": 8301, "Type": "tcp"},
        {"PrivatePort": 8500, "PublicPort": 8501, "IP": "127.0.0.1", "Type": "tcp"},
    ]
    asked: list[Any] = []
    monkeypatch.setattr(voter_gate, "Servers", lambda *places: asked.append(places))

    voter_gate.servers_of(props(1))

    assert asked == [(NAMES, ["http://one", "http+docker://dev-server-1:8501", "http://three"], {})]


def open_gate(ordinal: int) -> dict[str, Any]:
    outs: dict[str, Any] = VoterGateProvider().update("id", props(ordinal), props(ordinal, spec_hash="new")).outs
    return outs


@pytest.mark.parametrize(
    ("wanted", "running", "changes"),
    [("old", "old", False), ("new", "old", True), (UNKNOWN, "old", True), ("old", "older", True), ("old", None, False)],
    ids=["unchanged", "changed", "not known yet", "not changed by an earlier run", "no answer"],
)
def test_a_gate_is_updated_if_its_server_changes_or_does_not_run_as_specified(
    servers: ScriptedServers, wanted: str, running: str | None, changes: bool
) -> None:
    if running is None:
        servers.down.add(NAMES[1])
    else:
        servers.running[NAMES[1]] = running

    result = VoterGateProvider().diff("id", props(1), props(1, spec_hash=wanted))

    assert result.changes is changes
    assert not result.replaces


def test_a_gate_opens_when_all_others_are_voters_that_have_caught_up(servers: ScriptedServers) -> None:
    assert open_gate(1) == props(1, spec_hash="new")
    assert servers.done == []


def test_a_leader_transfers_the_leadership_before_it_is_replaced(servers: ScriptedServers) -> None:
    open_gate(0)

    assert servers.done == [("transfer", NAMES[0], NAMES[2], f"id-of-{NAMES[2]}")]


def test_a_leader_that_keeps_the_leadership_is_not_replaced(servers: ScriptedServers) -> None:
    servers.ignores_requests = True

    with pytest.raises(RolloutStoppedError) as caught:
        open_gate(0)

    assert str(caught.value) == (
        "dev-server-0 still leads after 3 transfers to dev-server-2: read the log of dev-server-2, then run "
        "`pulumi up` again"
    )


@pytest.mark.parametrize("won_again", [1, 2])
def test_a_leader_that_wins_the_election_of_a_transfer_is_asked_again(servers: ScriptedServers, won_again: int) -> None:
    servers.won_again = won_again

    open_gate(0)

    assert servers.done == [("transfer", NAMES[0], NAMES[2], f"id-of-{NAMES[2]}")] * (won_again + 1)
    assert servers.leader == NAMES[2]


def test_a_gate_waits_for_a_server_that_restarts(servers: ScriptedServers) -> None:
    servers.down.add(NAMES[2])
    servers.applied[NAMES[2]] = 90
    servers.events = [lambda: servers.down.clear(), lambda: servers.applied.update({NAMES[2]: 100})]

    open_gate(1)

    assert servers.events == []


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (lambda servers: servers.down.add(NAMES[2]), "dev-server-2 does not answer"),
        (
            lambda servers: servers.non_voters.add(NAMES[2]),
            "dev-server-2 is not a voter at dev-server-2:8300 (it is a Raft peer of the leader dev-server-0, without a "
            "vote yet)",
        ),
        (lambda servers: servers.applied.update({NAMES[2]: 99}), "dev-server-2 has applied 99 of 100 entries"),
    ],
    ids=["no answer", "no voter", "behind"],
)
@pytest.mark.parametrize("ordinal", [0, 1])
def test_a_gate_fails_while_another_server_is_not_ready(
    servers: ScriptedServers, ordinal: int, problem: Callable[[ScriptedServers], object], reason: str
) -> None:
    problem(servers)

    with pytest.raises(RolloutStoppedError) as caught:
        open_gate(ordinal)

    assert str(caught.value) == (
        f"{reason}: dev-server-{ordinal} was not touched, so the quorum stands. "
        "Repair that server and run `pulumi up` again"
    )
    assert servers.done == []


def test_without_a_leader_a_gate_opens(servers: ScriptedServers) -> None:
    servers.leader = None
    servers.down = {NAMES[1], NAMES[2]}

    assert open_gate(0) == props(0, spec_hash="new")


def test_a_gate_waits_for_an_election(servers: ScriptedServers) -> None:
    servers.leader = None
    servers.events = [lambda: setattr(servers, "leader", NAMES[1])]

    open_gate(1)

    assert servers.done == [("transfer", NAMES[1], NAMES[0], f"id-of-{NAMES[0]}")]


def test_in_a_new_cluster_gate_and_peer_do_not_wait(servers: ScriptedServers) -> None:
    servers.leader = None
    servers.down = set(NAMES)

    for provider in (VoterGateProvider(), RaftPeerProvider()):
        result = provider.create(props(0))

        assert (result.id, result.outs) == (NAMES[0], props(0))


def test_in_a_running_cluster_gate_and_peer_of_a_new_server_wait(servers: ScriptedServers) -> None:
    servers.non_voters.add(NAMES[1])

    with pytest.raises(RolloutStoppedError, match="dev-server-1 is not a voter"):
        VoterGateProvider().create(props(2))
    with pytest.raises(RolloutStoppedError, match="dev-server-1 is not a voter"):
        RaftPeerProvider().create(props(1))


def test_a_removed_server_is_removed_from_every_member_list(servers: ScriptedServers) -> None:
    servers.down.add(NAMES[2])
    servers.known_by[NAMES[1]].discard(NAMES[2])

    VoterGateProvider().delete("id", props(2))

    assert servers.done == [
        ("force-leave", NAMES[0], NAMES[2], f"{NAMES[2]}:8300"),
        ("remove volume", f"{NAMES[2]}-data"),
    ]


def test_a_raft_peer_that_is_in_no_member_list_is_removed_too(servers: ScriptedServers) -> None:
    servers.down.add(NAMES[2])
    for known in servers.known_by.values():
        known.discard(NAMES[2])

    VoterGateProvider().delete("id", props(2))

    assert servers.done == [
        ("force-leave", NAMES[0], NAMES[2], f"{NAMES[2]}:8300"),
        ("remove volume", f"{NAMES[2]}-data"),
    ]


def test_bug_the_data_of_a_server_that_left_raft_is_removed(servers: ScriptedServers) -> None:
    servers.names.remove(NAMES[2])
    for known in servers.known_by.values():
        known.discard(NAMES[2])

    VoterGateProvider().delete("id", props(2))

    assert servers.done == [("remove volume", f"{NAMES[2]}-data")]


def test_a_member_that_cannot_be_removed_is_an_error(servers: ScriptedServers) -> None:
    servers.down.add(NAMES[2])
    servers.ignores_requests = True

    with pytest.raises(RolloutStoppedError) as caught:
        VoterGateProvider().delete("id", props(2))

    assert str(caught.value) == ("dev-server-2 is gone but still a member, or no server leads: run `pulumi up` again")
    assert ("remove volume", f"{NAMES[2]}-data") not in servers.done


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
def test_a_peer_is_updated_if_its_server_or_container_changes(change: dict[str, Any], changes: bool) -> None:
    olds = props(1, agent="container")

    assert RaftPeerProvider().diff("id", olds, olds | change).changes is changes


def test_a_peer_is_ready_when_the_server_votes_and_has_caught_up(servers: ScriptedServers) -> None:
    servers.down.add(NAMES[1])
    servers.non_voters.add(NAMES[1])
    servers.events = [servers.down.clear, servers.non_voters.clear]

    result = RaftPeerProvider().update("id", props(1), props(1, spec_hash="new"))

    assert result.outs == props(1, spec_hash="new")
    assert servers.events == []


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (lambda servers: servers.down.add(NAMES[1]), "dev-server-1 does not answer"),
        (
            lambda servers: servers.non_voters.add(NAMES[1]),
            "dev-server-1 is not a voter at dev-server-1:8300 (it is a Raft peer of the leader dev-server-0, without a "
            "vote yet)",
        ),
        (lambda servers: servers.applied.update({NAMES[1]: 99}), "dev-server-1 has applied 99 of 100 entries"),
    ],
    ids=["no answer", "no voter", "behind"],
)
def test_a_server_that_does_not_become_ready_stops_the_rollout(
    servers: ScriptedServers, problem: Callable[[ScriptedServers], object], reason: str
) -> None:
    problem(servers)

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().update("id", props(1), props(1, spec_hash="new"))

    assert str(caught.value) == (
        f"{reason}: the rollout stops here, no further server was touched and the others keep the quorum. "
        "Its log says why; correct the settings and run `pulumi up` again"
    )


def test_a_server_that_lacks_its_vote_alone_is_waited_for_until_the_leader_looks_again(
    servers: ScriptedServers,
) -> None:
    servers.non_voters.add(NAMES[1])
    servers.events = [*[lambda: None] * MAX_VIEWS, servers.non_voters.clear]

    RaftPeerProvider().update("id", props(1), props(1, spec_hash="new"))

    assert servers.waits == [rollout.LEADER_TIMEOUT, rollout.TIMEOUT, rollout.VOTE_TIMEOUT]
    assert rollout.TIMEOUT + rollout.VOTE_TIMEOUT == 90


@pytest.mark.parametrize(
    "problem",
    [
        lambda servers: servers.down.add(NAMES[2]),
        lambda servers: servers.applied.update({NAMES[2]: 99}),
    ],
    ids=["no answer", "behind"],
)
def test_a_server_that_lacks_more_than_its_vote_is_not_waited_for_longer(
    servers: ScriptedServers, problem: Callable[[ScriptedServers], object]
) -> None:
    servers.non_voters.add(NAMES[0])
    problem(servers)

    with pytest.raises(RolloutStoppedError):
        open_gate(1)

    assert servers.waits == [rollout.LEADER_TIMEOUT, rollout.TIMEOUT]


def test_d7_a_lone_server_in_a_crash_loop_is_named_with_the_reason(
    servers: ScriptedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it there is no leader, and nobody waited for the end of its log."""
    servers.names = []
    monkeypatch.setattr(CrashLoop, "reason", lambda _self: "ends as soon as it starts (scripts are disabled)")

    with pytest.raises(RolloutStoppedError, match=r"dev-server-0 ends as soon as it starts \(scripts are disabled\)"):
        RaftPeerProvider().update("id", props(0), props(0, spec_hash="new"))


def test_a_server_in_a_crash_loop_stops_the_rollout_at_once(
    servers: ScriptedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.down.add(NAMES[1])
    logs = iter([None, None, "ends as soon as it starts (raft_multiplier cannot be 99)"])
    monkeypatch.setattr(CrashLoop, "reason", lambda _self: next(logs))

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().update("id", props(1), props(1, spec_hash="new"))

    reason = "dev-server-1 ends as soon as it starts (raft_multiplier cannot be 99)"
    assert str(caught.value).startswith(f"{reason}: the rollout stops here")


def test_without_a_majority_the_rollout_continues_if_the_server_answers(
    servers: ScriptedServers,
) -> None:
    servers.leader = None
    servers.down = {NAMES[2]}

    assert RaftPeerProvider().update("id", props(1), props(1)).outs == props(1)
    with pytest.raises(RolloutStoppedError, match="dev-server-2 does not answer"):
        RaftPeerProvider().update("id", props(2), props(2))


def test_a_server_leaves_raft_before_its_container_is_removed(servers: ScriptedServers) -> None:
    RaftPeerProvider().delete("id", props(2))

    assert servers.done == [("leave", NAMES[2])]
    assert servers.view().peers == {NAMES[0], NAMES[1]}


def test_a_leader_transfers_the_leadership_before_it_leaves(servers: ScriptedServers) -> None:
    servers.leader = NAMES[2]

    RaftPeerProvider().delete("id", props(2))

    assert servers.done == [("transfer", NAMES[2], NAMES[0], f"id-of-{NAMES[0]}"), ("leave", NAMES[2])]


@pytest.mark.parametrize("leader", [NAMES[0], None])
def test_a_server_does_not_leave_if_the_rest_would_have_no_quorum(servers: ScriptedServers, leader: str | None) -> None:
    servers.leader = leader
    servers.down.add(NAMES[1])

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().delete("id", props(2))

    assert str(caught.value) == "without dev-server-2 the rest would have no quorum: repair the other servers first"
    assert servers.done == []


def test_a_server_that_does_not_leave_is_not_removed(servers: ScriptedServers) -> None:
    servers.ignores_requests = True

    with pytest.raises(RolloutStoppedError) as caught:
        RaftPeerProvider().delete("id", props(2))

    assert str(caught.value) == "dev-server-2 did not leave Raft and was not removed: run `pulumi up` again"


def test_b2_a_new_cluster_exists_when_all_servers_vote(servers: ScriptedServers) -> None:
    servers.down, servers.non_voters = {NAMES[1]}, {NAMES[1], NAMES[2]}
    servers.events = [lambda: servers.down.clear(), lambda: servers.non_voters.clear()]

    assert VotersProvider().create(props(0)).id == NAMES[0]
    assert servers.events == []


def test_b2_servers_that_end_again_and_again_at_birth_are_named_at_once(
    servers: ScriptedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.leader, servers.down = None, {NAMES[0], NAMES[1]}
    servers.events = [lambda: pytest.fail("nothing changes by waiting")]
    monkeypatch.setattr(CrashLoop, "reason", lambda _self: "ends as soon as it starts (bad key)")

    with pytest.raises(RolloutStoppedError) as caught:
        VotersProvider().create(props(0))

    assert str(caught.value) == (
        "dev-server-0 ends as soon as it starts (bad key), and so for dev-server-1. "
        "Correct the settings and run `pulumi up` again"
    )


def test_b2_servers_that_never_vote_are_named(servers: ScriptedServers) -> None:
    servers.leader, servers.down, servers.non_voters = None, {NAMES[0]}, set(NAMES)

    with pytest.raises(
        RolloutStoppedError, match="dev-server-0 does not answer; dev-server-1 does not vote, and so for"
    ):
        VotersProvider().create(props(0))


def test_a_new_cluster_is_waited_for_once(servers: ScriptedServers) -> None:
    assert VotersProvider().diff("id", props(0), props(0, names=NAMES[:1])).changes is False


def test_servers_of_a_new_cluster_leave_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state holds no order among them, so the engine deletes them side by side."""
    leaving: list[str] = []
    most: list[int] = []

    def leave(one: dict[str, Any]) -> None:
        leaving.append(one["server"])
        time.sleep(0.02)
        most.append(len(leaving))
        leaving.remove(one["server"])

    monkeypatch.setattr(raft_peer, "_leave", leave)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda ordinal: RaftPeerProvider().delete("id", props(ordinal)), (1, 2)))

    assert most == [1, 1]


def test_protecting_the_data_of_a_server_opens_no_gate(servers: ScriptedServers) -> None:
    servers.running[NAMES[0]] = "old"

    assert VoterGateProvider().diff("id", props(0), props(0, protect=True)).changes
    assert VoterGateProvider().update("id", props(0), props(0, protect=True)).outs == props(0, protect=True)
    assert servers.done == []


def test_a_protected_server_is_not_removed_with_its_data(servers: ScriptedServers) -> None:
    with pytest.raises(RolloutStoppedError, match="`protect` keeps its data"):
        VoterGateProvider().delete("id", props(2, protect=True))

    assert servers.done == []


def test_the_gate_of_the_first_server_deletes_nothing_since_the_whole_cluster_goes(servers: ScriptedServers) -> None:
    VoterGateProvider().delete("id", props(0))

    assert servers.done == []

"""Requests to single servers. The answers have the form of Consul 1.20, reduced to the fields that are read."""

import time
from typing import Any

import pytest
from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul import servers as servers_module
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model.rollout import ServerStatus, has_quorum, loses_quorum

from tests.doubles.fake_consul import FakeConsul, Fault

pytestmark = pytest.mark.usefixtures("short_timeouts")

NAMES = ["dev-server-0", "dev-server-1", "dev-server-2"]


def agent_self(ordinal: int, *, leads: bool = False) -> dict[str, Any]:
    """`GET /v1/agent/self`."""
    return {
        "Config": {"NodeID": f"id-{ordinal}", "NodeName": NAMES[ordinal]},
        "Member": {"Addr": f"172.30.0.{2 + ordinal}", "Tags": {"port": "8300", "role": "consul"}},
        "Meta": {"consul-network-segment": "", "spec_hash": "f00d"},
        "Stats": {
            "raft": {
                "applied_index": "100",
                "commit_index": "101",
                "last_log_index": "102",
                "state": "Leader" if leads else "Follower",
                "term": "3",
            }
        },
    }


def peer(ordinal: int, *, votes: bool = True) -> dict[str, Any]:
    return {
        "ID": f"id-{ordinal}",
        "Node": NAMES[ordinal],
        "Address": f"172.30.0.{2 + ordinal}:8300",
        "Voter": votes,
    }


@pytest.fixture
def servers(three: FakeConsul) -> Servers:
    for ordinal in range(3):
        three.canned[ordinal, "GET", "/v1/agent/self"] = agent_self(ordinal, leads=ordinal == 1)
    # Only the leader is asked for the Raft configuration.
    three.canned[1, "GET", "/v1/operator/raft/configuration"] = {"Servers": [peer(0), peer(1), peer(2, votes=False)]}
    return Servers(NAMES, three.addresses, {})


def test_each_server_reports_its_own_state_and_the_leader_the_raft_configuration(servers: Servers) -> None:
    view = servers.view()

    assert view.leader == NAMES[1]
    assert view.status == {
        name: ServerStatus(
            node_id=f"id-{ordinal}",
            address=f"172.30.0.{2 + ordinal}:8300",
            leads=ordinal == 1,
            term=3,
            commit=101,
            applied=100,
            last=102,
            spec_hash="f00d",
        )
        for ordinal, name in enumerate(NAMES)
    }
    assert view.voters == {"id-0": "172.30.0.2:8300", "id-1": "172.30.0.3:8300"}
    assert view.peers == set(NAMES)
    assert view.without_vote == {"id-2"}


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HANG, Fault.NO_LEADER, Fault.FORBIDDEN])
def test_a_server_that_fails_is_missing_and_the_others_are_not(
    three: FakeConsul, servers: Servers, fault: Fault
) -> None:
    three.fail(fault, "/v1/agent/self", server=0)

    assert servers.view().status.keys() == {NAMES[1], NAMES[2]}


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.UNKNOWN_TOKEN])
@pytest.mark.parametrize("path", ["/v1/agent/self", "/v1/operator/raft/configuration"])
def test_a_refused_token_stops_a_rollout_at_once(
    three: FakeConsul, servers: Servers, monkeypatch: pytest.MonkeyPatch, fault: Fault, path: str
) -> None:
    monkeypatch.setattr(servers_module, "REFUSED_FOR", 0.2)
    three.fail(fault, path, times=float("inf"))

    began = time.monotonic()
    with pytest.raises(RefusedError, match=r"the servers refuse this program: .*token"):
        rollout.wait_until_replaceable(servers, NAMES, NAMES[2])
    assert time.monotonic() - began < 5


def test_a_server_whose_leader_has_no_acls_yet_is_judged_by_the_leader(three: FakeConsul, servers: Servers) -> None:
    three.fail(Fault.NO_ACLS_YET, "/v1/agent/self", server=0, times=float("inf"))
    known = {
        "ID": "id-0",
        "Name": NAMES[0],
        "Address": "172.30.0.2:8300",
        "LastTerm": 3,
        "LastIndex": 101,
        "Healthy": True,
    }
    three.canned[1, "GET", "/v1/operator/autopilot/state"] = {"Healthy": False, "Servers": {"id-0": known}}

    view, reasons = rollout.wait_until_ready(servers, lambda _: NAMES[:1])

    assert view is not None, reasons
    assert view.votes(NAMES[0])
    known["Healthy"] = False
    assert NAMES[0] not in servers.view().status
    known["Healthy"], three.reported_leader[0] = True, ""
    assert NAMES[0] not in servers.view().status


def test_a_new_leader_has_judged_nobody_yet(three: FakeConsul, servers: Servers) -> None:
    three.fail(Fault.NO_ACLS_YET, "/v1/agent/self", server=0, times=float("inf"))
    # What Consul answers right after an election, before autopilot looked at the servers.
    three.canned[1, "GET", "/v1/operator/autopilot/state"] = {"Healthy": False, "Servers": None}

    assert NAMES[0] not in servers.view().status


def test_members_that_the_token_hides_are_not_gone(three: FakeConsul, servers: Servers) -> None:
    three.canned[0, "GET", "/v1/agent/members"] = []
    three.filtered = True

    with pytest.raises(RefusedError, match="dev-server-0 hides a part of /v1/agent/members: the token lacks node:read"):
        servers.members(NAMES[0])


def test_without_a_leader_no_voter_is_known(three: FakeConsul, servers: Servers) -> None:
    three.canned[1, "GET", "/v1/agent/self"] = agent_self(1)

    view = servers.view()

    assert (view.leader, view.voters, view.peers) == (None, {}, frozenset())


def test_an_agent_whose_raft_has_not_started_does_not_count(three: FakeConsul, servers: Servers) -> None:
    three.canned[0, "GET", "/v1/agent/self"] = agent_self(0) | {"Stats": {}}

    assert NAMES[0] not in servers.view().status


def test_waiting_ends_with_the_condition_or_the_timeout(servers: Servers) -> None:
    view = servers.wait_for(lambda now: now.leader == NAMES[1], 5)

    assert view is not None
    assert view.leader == NAMES[1]
    assert servers.wait_for(lambda now: False, 0.0) is None


def test_a_running_server_reports_its_spec_hash(three: FakeConsul, servers: Servers) -> None:
    three.canned[2, "GET", "/v1/agent/self"] = agent_self(2) | {"Meta": {}}
    three.fail(Fault.RESET, "/v1/agent/self", server=1)

    assert [servers.spec_hash(name) for name in NAMES] == ["f00d", None, None]


def test_the_leader_transfers_the_leadership_to_a_node_id(three: FakeConsul, servers: Servers) -> None:
    three.canned[1, "POST", "/v1/operator/raft/transfer-leader"] = {"Success": True}

    servers.transfer_leadership(NAMES[1], NAMES[0], "id-0")

    assert [(request.server, request.path, request.query) for request in three.writes()] == [
        (1, "/v1/operator/raft/transfer-leader", {"id": "id-0"})
    ]


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault.RESET, "does not answer: run `pulumi up` again"), (Fault.FORBIDDEN, "answered POST")]
)
def test_a_failed_leadership_transfer_is_an_error(
    three: FakeConsul, servers: Servers, fault: Fault, reason: str
) -> None:
    three.fail(fault, "/v1/operator/raft/transfer-leader")

    with pytest.raises(RefusedError) as caught:
        servers.transfer_leadership(NAMES[1], NAMES[0], "id-0")

    assert str(caught.value).startswith(f"the leadership was not transferred to dev-server-0: dev-server-1 {reason}")


def test_a_server_leaves_through_its_own_api(three: FakeConsul, servers: Servers) -> None:
    servers.leave(NAMES[2])

    assert [(request.server, request.method, request.path) for request in three.writes()] == [
        (2, "PUT", "/v1/agent/leave")
    ]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (None, [("PUT", "/v1/agent/force-leave/dev-server-2", {"prune": ""})]),
        (
            "172.30.0.4:8300",
            [
                ("PUT", "/v1/agent/force-leave/dev-server-2", {"prune": ""}),
                ("DELETE", "/v1/operator/raft/peer", {"address": "172.30.0.4:8300"}),
            ],
        ),
    ],
    ids=["no peer", "a peer"],
)
def test_a_member_is_removed_with_its_raft_peer(
    three: FakeConsul, servers: Servers, address: str | None, expected: list[Any]
) -> None:
    servers.force_leave(NAMES[0], NAMES[2], address)

    assert [(one.method, one.path, one.query) for one in three.writes()] == expected
    assert {one.server for one in three.writes()} == {0}


def test_members_and_peers_are_those_of_the_given_server(three: FakeConsul, servers: Servers) -> None:
    three.canned[0, "GET", "/v1/agent/members"] = [{"Name": NAMES[0]}, {"Name": "dev-client-0"}]

    assert servers.members(NAMES[0]) == {NAMES[0], "dev-client-0"}
    three.fail(Fault.RESET, "/v1/agent/members")
    assert servers.members(NAMES[2]) == set()
    three.fail(Fault.FORBIDDEN, "/v1/agent/members")
    with pytest.raises(RefusedError, match="dev-server-2 answered GET /v1/agent/members with 403"):
        servers.members(NAMES[2])
    assert servers.peer_address(NAMES[1], NAMES[2]) == "172.30.0.4:8300"
    assert servers.peer_address(NAMES[1], "dev-server-3") is None
    assert servers.peer_address(NAMES[2], NAMES[2]) is None


def joined(three: FakeConsul, leader: str, *, healthy: bool = True) -> Servers:
    """Two servers of the stack that follow one outside of it: `old`, which leads if `leader` says so."""
    old = {"ID": "id-9", "Node": "old", "Address": "172.30.0.9:8300", "Voter": True, "Leader": leader == "old"}
    for ordinal in range(2):
        answer = agent_self(ordinal, leads=leader == NAMES[ordinal])
        answer["Stats"]["consul"] = {"leader_addr": "172.30.0.9:8300" if leader == "old" else "172.30.0.2:8300"}
        three.canned[ordinal, "GET", "/v1/agent/self"] = answer
        raft = {"Servers": [*({**peer(one), "Leader": leader == NAMES[one]} for one in range(2)), old]}
        for query in ("", "?stale"):
            three.canned[ordinal, "GET", f"/v1/operator/raft/configuration{query}"] = raft
        known = {"ID": "id-9", "Name": "old", "Healthy": healthy}
        three.canned[ordinal, "GET", "/v1/operator/autopilot/state"] = {"Servers": {"id-9": known}}
    return Servers(NAMES[:2], three.addresses[:2], {})


def test_a_leader_outside_of_the_stack_is_a_leader_and_its_followers_vote(three: FakeConsul) -> None:
    view = joined(three, "old").view()

    assert (view.leader, view.leads_outside, view.led) == (None, "old", True)
    assert view.outside == {"id-9": "old"}
    assert all(view.votes(name) for name in NAMES[:2])
    assert view.committed == 101


@pytest.mark.parametrize(("healthy", "lost"), [(True, False), (False, True)])
def test_voters_outside_of_the_stack_count_for_its_quorum_as_long_as_they_are_healthy(
    three: FakeConsul, healthy: bool, lost: bool
) -> None:
    servers = joined(three, NAMES[0], healthy=healthy)

    assert loses_quorum(NAMES[1], servers.view()) is lost
    assert has_quorum(servers.view())


def test_the_last_voters_outside_of_the_stack_keep_their_quorum_when_it_is_destroyed(three: FakeConsul) -> None:
    servers = joined(three, "old")
    for ordinal in range(2):
        three.canned[ordinal, "PUT", "/v1/agent/leave"] = {}

    rollout.leave_others(servers, NAMES[:2])

    assert [one.server for one in three.requests if one.path == "/v1/agent/leave"] == [0, 1]

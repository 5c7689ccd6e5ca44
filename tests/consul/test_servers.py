"""How single servers are asked. The answers are in the shape of Consul 1.20, cut down to what is read."""

from typing import Any

import pytest
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model.rollout import ServerStatus

from tests.doubles.fake_consul import FakeConsul, Fault

pytestmark = pytest.mark.usefixtures("hurried")

NAMES = ["dev-server-0", "dev-server-1", "dev-server-2"]


def told_by(ordinal: int, *, leads: bool = False) -> dict[str, Any]:
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
        three.canned[ordinal, "GET", "/v1/agent/self"] = told_by(ordinal, leads=ordinal == 1)
    # Only the leader is asked, so only it has an answer.
    three.canned[1, "GET", "/v1/operator/raft/configuration"] = {"Servers": [peer(0), peer(1), peer(2, votes=False)]}
    return Servers(NAMES, three.addresses)


def test_each_server_speaks_for_itself_and_the_leader_for_raft(servers: Servers) -> None:
    view = servers.look()

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


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HANG, Fault.NO_LEADER, Fault.FORBIDDEN])
def test_a_server_in_trouble_is_missing_and_hides_no_other(three: FakeConsul, servers: Servers, fault: Fault) -> None:
    three.fail(fault, "/v1/agent/self", server=0)

    assert servers.look().status.keys() == {NAMES[1], NAMES[2]}


def test_without_a_leader_nobody_is_known_to_vote(three: FakeConsul, servers: Servers) -> None:
    three.canned[1, "GET", "/v1/agent/self"] = told_by(1)

    view = servers.look()

    assert (view.leader, view.voters, view.peers) == (None, {}, frozenset())


def test_an_agent_whose_raft_has_not_started_does_not_count(three: FakeConsul, servers: Servers) -> None:
    three.canned[0, "GET", "/v1/agent/self"] = told_by(0) | {"Stats": {}}

    assert NAMES[0] not in servers.look().status


def test_looking_ends_when_settled_or_out_of_patience(servers: Servers) -> None:
    settled = servers.until(lambda view: view.leader == NAMES[1], 5)

    assert settled is not None
    assert settled.leader == NAMES[1]
    assert servers.until(lambda view: False, 0.0) is None


def test_a_running_server_tells_what_it_was_started_with(three: FakeConsul, servers: Servers) -> None:
    three.canned[2, "GET", "/v1/agent/self"] = told_by(2) | {"Meta": {}}
    three.fail(Fault.RESET, "/v1/agent/self", server=1)

    assert [servers.spec_hash(name) for name in NAMES] == ["f00d", None, None]


def test_leadership_is_handed_over_by_the_leader_to_a_node_id(three: FakeConsul, servers: Servers) -> None:
    three.canned[1, "POST", "/v1/operator/raft/transfer-leader"] = {"Success": True}

    servers.transfer_leadership(NAMES[1], NAMES[0], "id-0")

    assert [(asked.server, asked.path, asked.query) for asked in three.writes()] == [
        (1, "/v1/operator/raft/transfer-leader", {"id": "id-0"})
    ]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.FORBIDDEN])
def test_a_leader_that_does_not_hand_over_is_told(three: FakeConsul, servers: Servers, fault: Fault) -> None:
    three.fail(fault, "/v1/operator/raft/transfer-leader")

    with pytest.raises(RefusedError, match="dev-server-1 did not hand its leadership to dev-server-0"):
        servers.transfer_leadership(NAMES[1], NAMES[0], "id-0")


def test_a_server_is_told_to_leave_by_itself(three: FakeConsul, servers: Servers) -> None:
    servers.leave(NAMES[2])

    assert [(asked.server, asked.method, asked.path) for asked in three.writes()] == [(2, "PUT", "/v1/agent/leave")]


@pytest.mark.parametrize(
    ("address", "asked"),
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
def test_a_member_is_forgotten_for_good_and_its_peer_with_it(
    three: FakeConsul, servers: Servers, address: str | None, asked: list[Any]
) -> None:
    servers.forget(NAMES[0], NAMES[2], address)

    assert [(one.method, one.path, one.query) for one in three.writes()] == asked
    assert {one.server for one in three.writes()} == {0}


def test_members_and_peers_are_those_that_one_server_knows(three: FakeConsul, servers: Servers) -> None:
    three.canned[0, "GET", "/v1/agent/members"] = [{"Name": NAMES[0]}, {"Name": "dev-client-0"}]

    assert servers.members(NAMES[0]) == {NAMES[0], "dev-client-0"}
    assert servers.members(NAMES[2]) == set()
    assert servers.peer_address(NAMES[1], NAMES[2]) == "172.30.0.4:8300"
    assert servers.peer_address(NAMES[1], "dev-server-3") is None
    assert servers.peer_address(NAMES[2], NAMES[2]) is None

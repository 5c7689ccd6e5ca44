"""The commands of the Consul tutorial work on the cluster."""

import base64
import json
from functools import partial

import pytest

from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT
from tests.e2e.engine import docker
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


def on_client(cluster: Cluster, *words: str) -> str:
    """`docker exec CLIENT consul …`."""
    return docker("exec", f"{cluster.name}-client-0", "consul", *words)


def rows(table: str) -> list[list[str]]:
    """The cells of a table that the `consul` command printed, without its heading."""
    return [line.split() for line in table.splitlines()[1:]]


def test_the_client_lists_every_member_as_alive(calm: Cluster) -> None:
    assert {row[0]: row[2] for row in rows(on_client(calm, "members"))} == dict.fromkeys(calm.nodes, "alive")


def test_every_member_has_its_own_node_id(calm: Cluster) -> None:
    detailed = on_client(calm, "members", "-detailed")
    ids = {row[0]: dict(tag.split("=", 1) for tag in row[3].split(","))["id"] for row in rows(detailed)}
    assert ids == calm.node_ids()
    assert len(set(ids.values())) == len(calm.nodes)


def test_info_shows_that_the_client_knows_every_server(calm: Cluster) -> None:
    info = on_client(calm, "info")
    assert "known_servers = 3" in info
    assert "server = false" in info


def test_a_key_shows_its_value_and_its_flags(calm: Cluster) -> None:
    cells = dict(line.split(None, 1) for line in on_client(calm, "kv", "get", "-detailed", "app/name").splitlines())
    assert (cells["Key"], cells["Value"], cells["Flags"]) == ("app/name", "web", "0")


def test_the_store_holds_the_seeds_and_nothing_else(calm: Cluster) -> None:
    exported = json.loads(on_client(calm, "kv", "export"))
    assert {entry["key"]: base64.b64decode(entry["value"]).decode() for entry in exported} == FLAT


def test_a_key_written_by_any_agent_is_read_by_all_others(calm: Cluster) -> None:
    for writer, base in zip(calm.nodes, calm.agents, strict=True):
        on_client(calm, "kv", "put", "by-hand", "again")
        assert consul.put(base, "by-hand", writer)
        for reader in calm.agents:
            eventually(f"{writer}'s key at {reader}", partial(consul.text, reader, "by-hand"), writer.__eq__, 5)
    assert on_client(calm, "kv", "get", "by-hand") == calm.nodes[-1]
    on_client(calm, "kv", "delete", "by-hand")


def test_values_are_base64_over_http(calm: Cluster) -> None:
    (entry,) = consul.ask(calm.agents[-1], "/v1/kv/motd")
    assert entry["Value"] == "Q29uc3VsIG9uIFB1bHVtaQ=="


def test_every_agent_answers_with_members_peers_leader_services_and_nodes(calm: Cluster) -> None:
    peers = sorted(consul.voters(calm.servers[0]).values())
    leader = calm.leader()
    for base in calm.agents:
        assert consul.members(base) == dict.fromkeys(calm.nodes, "alive")
        assert sorted(consul.ask(base, "/v1/status/peers")) == peers
        assert consul.ask(base, "/v1/status/leader") == leader
        assert consul.ask(base, "/v1/catalog/services") == {"consul": []}
        assert consul.node_ids(base) == calm.node_ids()


def test_exactly_one_of_the_peers_is_the_leader(calm: Cluster) -> None:
    states = [consul.ask(base, "/v1/agent/self")["Stats"]["raft"]["state"] for base in calm.servers]
    assert sorted(states) == ["Follower", "Follower", "Leader"]

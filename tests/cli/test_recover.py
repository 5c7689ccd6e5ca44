"""What `consul-on-pulumi recover` does, and where it does nothing."""

import json
import shlex
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from consul_on_pulumi.cli import recover
from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.consul import answers
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.model.rollout import ClusterView
from consul_on_pulumi.platforms.docker import operations as docker_operations
from consul_on_pulumi.platforms.kubernetes import operations as kubernetes_operations
from consul_on_pulumi.platforms.kubernetes.api import pod_exec
from docker.errors import DockerException

from tests.cli.conftest import Stack, cluster
from tests.doubles.fake_kubernetes import FakeKubernetes, claim
from tests.doubles.http_server import Handler, Server

CONTAINER = "docker:index/container:Container"


@pytest.fixture(autouse=True)
def short_election(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "ELECTION", 0.5)


def test_a_cluster_with_a_leader_is_not_recovered(
    stack: Stack, api_server: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack()
    monkeypatch.setattr(rollout, "has_quorum", lambda view: True)

    with pytest.raises(SystemExit, match="the cluster has a leader, so there is nothing to recover"):
        main(["recover", "--stack", "dev"])


def test_no_volume_counts_as_lost_because_the_engine_does_not_answer(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(clusters=[cluster("consul", {"dev-server-0": "http://127.0.0.1:1"}, CONTAINER)])

    def has_data(_group: object, server: str) -> bool:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker_operations, "has_data", has_data)
    with pytest.raises(SystemExit, match="recovery failed: connection refused"):
        main(["recover", "--stack", "dev"])


@pytest.mark.parametrize("existing", [["b"], []])
def test_a_server_that_is_stopped_has_to_be_started_first(existing: list[str]) -> None:
    platform = SimpleNamespace(FAILURES=(), has_data=lambda _group, server: server in existing)
    expected = "b may have newer data: b does not answer. Start it first" if existing else "no server has data"

    with pytest.raises(SystemExit, match=expected):
        recover.recover({"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"}, platform, {})


def test_a_server_with_data_that_the_last_view_misses_is_recovered(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, empty = status("kept"), replace(status("empty"), last=0)
    led = ClusterView(status={"a": replace(kept, leads=True)}, voters={"kept": kept.address})
    views = [ClusterView(status={"a": kept}, voters={}), ClusterView(status={"b": empty}, voters={})]

    def restart(_group: object, chosen: list[str], _peers: object) -> None:
        assert chosen == ["a"]
        views[:] = [led]

    monkeypatch.setattr(Servers, "view", lambda _servers: views.pop(0) if len(views) > 1 else views[0])
    platform = SimpleNamespace(FAILURES=(), has_data=lambda _group, _server: True, restart_with_peers=restart)

    done = recover.recover({"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"}, platform, {})
    assert done.startswith("recovered from a: ")


@pytest.mark.parametrize(
    ("anonymous", "expected"), [(403, "no server has data"), (200, "a may have newer data")], ids=["closed", "closing"]
)
def test_a_closed_server_that_knows_no_tokens_is_empty_unless_it_answers_everyone(
    anonymous: int, expected: str
) -> None:
    class Empty(Handler):
        def respond(self, body: bytes) -> None:
            without = not self.headers.get("X-Consul-Token")
            self.send(anonymous if without else 403, "{}" if without else answers.NO_ACLS_YET)

    server = Server(Empty)
    server.start()
    platform = SimpleNamespace(FAILURES=(), has_data=lambda _group, server: True)
    with pytest.raises(SystemExit, match=expected):
        recover.recover({"a": server.url}, platform, {"connection": {"token": "generated"}})
    server.stop()


GROUP = {"cluster": "_", "namespace": "dev", "stateful_set": "dev-server"}


def test_on_kubernetes_the_servers_with_data_restart_with_the_new_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, str]] = []
    monkeypatch.setattr(pod_exec, "run", lambda _cluster, _namespace, pod, command: ran.append((pod, command)))
    peers = rollout.recovery_peers({"dev-server-0": status("it's")}, ["dev-server-0"])

    kubernetes_operations.restart_with_peers(GROUP, ["dev-server-0", "dev-server-1"], peers)

    assert [pod for pod, _ in ran] == ["dev-server-0", "dev-server-1"] * 2, "all have the file before one restarts"
    file, restart = ran[0][1], ran[2][1]
    words = shlex.split(file)
    assert json.loads(words[2]) == [{"id": "it's", "address": "10.0.0.1:8300", "non_voter": False}]
    assert (words[:2], words[3:], restart) == (["printf", "%s"], [">", "/consul/data/raft/peers.json"], "kill -INT 1")


@pytest.mark.parametrize(
    ("claimed", "has_data"),
    [
        (claim(0), True),
        (claim(0, deletionTimestamp="2026-11-26T17:00:00Z"), False),
        (claim(0) | {"spec": {}}, False),
        (None, False),
    ],
    ids=["bound", "deleted", "without a volume", "missing"],
)
def test_on_kubernetes_a_claim_with_a_volume_is_data(
    api_server: FakeKubernetes, claimed: dict[str, Any] | None, has_data: bool
) -> None:
    api_server.claims = {"data-dev-server-0": claimed} if claimed else {}

    assert kubernetes_operations.has_data(GROUP, "dev-server-0") is has_data


def status(node_id: str) -> rollout.ServerStatus:
    return rollout.ServerStatus(
        node_id=node_id, address="10.0.0.1:8300", leads=False, term=1, commit=1, applied=1, last=1
    )


def test_bug_the_group_of_a_cluster_names_its_stateful_set(stack: Stack) -> None:
    stack()

    assert stacks.cluster("dev", None).group["stateful_set"] == "consul-server"

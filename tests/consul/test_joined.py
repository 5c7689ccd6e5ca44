"""Agents that joined from elsewhere are named before a phase of security would cut them off."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from consul_on_pulumi.consul import joined
from consul_on_pulumi.consul.api import UnreachableError

from tests.doubles.http_server import Handler, Server

OWN = ["dev-server-0", "dev-client-0"]
SERVER, CLIENT = {"role": "consul"}, {"role": "node"}
NO_KEY = "dc1 (LAN) error: 1/4 nodes reported failure\nstranger: No keyring to modify (encryption not enabled)"


class Cluster:
    """What its members are, and what the gossip keys are."""

    def __init__(self) -> None:
        self.members = [member(name, CLIENT) for name in OWN]
        self.keyring: tuple[int, str] = (200, "[]")
        self.said: list[str] = []
        self.url = "http://127.0.0.1:9"

    def problems(self, wanted: str) -> list[str]:
        problems, self.said = joined.cut_off("cluster.security", wanted, OWN, [self.url], {"management": "secret"})
        return problems


def member(name: str, tags: dict[str, str], status: int = 1) -> dict[str, Any]:
    return {"Name": name, "Addr": "10.0.0.9", "Status": status, "Tags": tags}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    seen = Cluster()

    class Agent(Handler):
        def respond(self, body: bytes) -> None:
            assert self.headers["X-Consul-Token"] == "secret"
            answers = {"/v1/agent/members": (200, json.dumps(seen.members)), "/v1/operator/keyring": seen.keyring}
            self.send(*answers[self.path])

    server = Server(Agent)
    server.start()
    seen.url = server.url
    yield seen
    server.stop()


@pytest.mark.parametrize("wanted", ["speak", "insist"])
def test_a_cluster_of_its_own_agents_goes_on(cluster: Cluster, wanted: str) -> None:
    cluster.members.append(member("gone", SERVER, status=3))
    assert cluster.problems(wanted) == []
    assert cluster.said == []


@pytest.mark.parametrize("wanted", ["speak", "insist"])
def test_an_agent_without_the_gossip_key_is_refused_by_name(cluster: Cluster, wanted: str) -> None:
    cluster.members.append(member("stranger", CLIENT))
    cluster.keyring = (500, NO_KEY)
    (problem,) = cluster.problems(wanted)
    assert problem.startswith("cluster.security: stranger (10.0.0.9) joined from elsewhere and has no gossip key")
    assert "`encrypt` of /consul/secrets/security.json" in problem
    assert "or let it leave" in problem
    assert cluster.problems("accept") == []


def test_a_server_without_tls_is_refused_before_the_last_phase(cluster: Cluster) -> None:
    cluster.members.append(member("stranger", SERVER))
    assert cluster.problems("speak") == []
    (problem,) = cluster.problems("insist")
    assert "stranger (10.0.0.9) joined from elsewhere and is a server without TLS" in problem
    cluster.members[-1]["Tags"] = {**SERVER, "use_tls": "1"}
    assert cluster.problems("insist") == []


def test_of_a_client_nobody_knows_whether_it_speaks_tls_so_a_preview_warns(cluster: Cluster) -> None:
    cluster.members.append(member("stranger", CLIENT))
    assert cluster.problems("insist") == []
    assert "stranger (10.0.0.9) joined from elsewhere. Servers will answer it only if it speaks TLS" in cluster.said[0]


def test_a_cluster_that_does_not_answer_is_not_closed() -> None:
    with pytest.raises(UnreachableError) as caught:
        Cluster().problems("insist")

    assert re.fullmatch(
        r"who joined from elsewhere cannot be seen: http\S+ answered GET /v1/agent/members with \d+ .*: .+"
        r"|who joined from elsewhere cannot be seen: http\S+ (refuses connections|cannot be reached \(.*\)): .+",
        str(caught.value),
    )

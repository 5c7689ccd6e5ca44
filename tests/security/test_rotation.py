"""What is generated again while a cluster runs: what Consul is told, in which order, what stays valid until when."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers import evidence
from consul_on_pulumi.providers.reloaded import ReloadedProvider
from consul_on_pulumi.security import x509
from consul_on_pulumi.security.credentials import CredentialsProvider
from consul_on_pulumi.security.retired import RetiredProvider

from tests.doubles.http_server import Handler, Server

LOCATION = {"platform": "docker", "cluster": "dev"}
CERTIFICATE = x509.authority("dev authority", 30, datetime.now(UTC))[0]
WORDS = {"tokens": "", "management_token": "", "gossip_key": ""}


class Known:
    """What the agents know."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.policies: dict[str, list[str]] = {}
        self.keys = ["old"]
        self.agents, self.deaf = 4, 0
        self.marks: dict[str, str] = {}
        self.next_marks: dict[str, str] = {}
        self.base = ""

    def keyring(self, method: str, key: str) -> Any:
        if method == "GET":
            having = {one: self.agents - (self.deaf if one != "old" else 0) for one in self.keys}
            return [{"Keys": having, "PrimaryKeys": {self.keys[0]: having[self.keys[0]]}, "NumNodes": self.agents}]
        if method == "DELETE":
            assert key != self.keys[0]
            self.keys.remove(key)
        elif method == "POST":
            self.keys.append(key)
        else:
            self.keys.remove(key)
            self.keys.insert(0, key)
        return True


def agent(known: Known) -> type[Handler]:
    """Answers for the whole cluster."""

    class Agent(Handler):
        def respond(self, body: bytes) -> None:
            path, said = self.path.partition("?")[0], json.loads(body) if body else {}
            found: Any = True
            if path == "/v1/status/leader":
                found = "10.0.0.2:8300"
            elif path == "/v1/acl/tokens":
                found = [{"AccessorID": one, "SecretID": secret} for one, secret in known.tokens.items()]
            elif path == "/v1/acl/policies":
                found = []
            elif path == "/v1/acl/token":
                known.tokens[said["AccessorID"]] = said["SecretID"]
                known.policies[said["AccessorID"]] = [one["Name"] for one in said["Policies"]]
            elif path.startswith("/v1/acl/token/"):
                del known.tokens[path.rpartition("/")[2]]
            elif path == "/v1/operator/keyring":
                found = known.keyring(self.command, said.get("Key", ""))
            elif path == "/v1/agent/self":
                found = {"Meta": known.marks}
            elif path == "/v1/agent/reload":
                known.marks = known.next_marks
            self.send(200, json.dumps(found))

    return Agent


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    known = Known()
    server = Server(agent(known))
    server.start()
    known.base = server.url
    agents = SimpleNamespace(agents=lambda *_: {"dev-server-0": server.url}, bring_files=lambda *_: None)
    monkeypatch.setattr("consul_on_pulumi.providers.evidence.operations", lambda _: agents)
    yield known
    server.stop()


def generated(cluster: Known, **words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Credentials that the cluster knows, and those of an update with other words."""
    props = {"names": ["management", "gates"], "cluster": "dev", "location": LOCATION, "rotate": WORDS}
    first = CredentialsProvider().create(props).outs
    assert first
    first["gossip_key"] = "old"
    cluster.tokens = {f"old-{name}": secret for name, secret in first["tokens"].items()}
    news = {**props, "rotate": WORDS | words, "authority": CERTIFICATE}
    assert CredentialsProvider().diff("id", first, props).changes is False
    assert CredentialsProvider().diff("id", first, news).changes is True
    later = CredentialsProvider().update("id", first, news).outs
    assert later
    return first, later


@pytest.mark.parametrize(
    ("word", "name", "policy"),
    [("tokens", "gates", "gates"), ("management_token", "management", "global-management")],
)
def test_consul_knows_a_new_token_before_anybody_uses_it_and_the_old_one_until_retired(
    word: str, name: str, policy: str, cluster: Known
) -> None:
    first, later = generated(cluster, **{word: "1"})

    assert {one for one in first["tokens"] if first["tokens"][one] != later["tokens"][one]} == {name}
    accessor = later["ids"][name]
    assert (cluster.tokens[accessor], cluster.policies[accessor]) == (later["tokens"][name], [policy])
    assert later["retired"] == [f"old-{name}"]
    assert f"old-{name}" in cluster.tokens
    retired = {"retired": later["retired"], "gossip_key": "old", "addresses": [cluster.base]}
    RetiredProvider().update("id", retired | {"retired": []}, retired)
    assert f"old-{name}" not in cluster.tokens
    # Again after an update that stopped.
    RetiredProvider().update("id", retired | {"retired": []}, retired)
    assert cluster.keys == ["old"]


def test_a_gossip_key_is_installed_then_used_and_the_old_one_removed_at_the_end(cluster: Known) -> None:
    first, later = generated(cluster, gossip_key="1")

    assert later["tokens"] == first["tokens"]
    assert cluster.keys == [later["gossip_key"], "old"]
    olds = {"retired": [], "gossip_key": "old", "addresses": [cluster.base]}
    RetiredProvider().update("id", olds, olds | {"gossip_key": later["gossip_key"]})
    assert cluster.keys == [later["gossip_key"]]


def test_no_key_is_used_that_an_agent_lacks(cluster: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consul_on_pulumi.consul.keyring.TIMEOUT", 0)
    cluster.deaf = 1
    with pytest.raises(RefusedError, match="only 3 of 4 agents have the new gossip key"):
        generated(cluster, gossip_key="1")
    assert cluster.keys[0] == "old"


def test_agents_are_reloaded_until_each_shows_the_mark_of_its_files(cluster: Known) -> None:
    props = {"location": LOCATION, "role": "server", "mark": "new"}
    cluster.marks, cluster.next_marks = {evidence.FILES: "old"}, {evidence.FILES: "new"}

    assert ReloadedProvider().diff("id", props | {"mark": "old"}, props).changes is True
    ReloadedProvider().update("id", props | {"mark": "old"}, props)
    assert cluster.marks == {evidence.FILES: "new"}


def test_an_agent_that_does_not_load_its_files_is_named(cluster: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "TIMEOUT", 0)
    with pytest.raises(UnreachableError, match=r"dev-server-0 did not load .*it has nothing and not new"):
        evidence.reload(LOCATION, Role.SERVER, {}, "new")
    with pytest.raises(UnreachableError, match="dev-server-0 does not show"):
        evidence.require(LOCATION, Role.SERVER, {}, evidence.AUTHORITY, "new")

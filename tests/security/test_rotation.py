"""What is generated again while a cluster runs: what Consul is told, in which order, what stays valid until when."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers import evidence
from consul_on_pulumi.providers.reloaded import ReloadedProvider
from consul_on_pulumi.security import x509
from consul_on_pulumi.security.credentials import CredentialsProvider
from consul_on_pulumi.security.retired import RetiredProvider
from pulumi.output import Unknown

from tests.doubles.http_server import Handler, Server

LOCATION = {"platform": "docker", "cluster": "dev"}
CERTIFICATE = x509.authority("dev authority", 30, datetime.now(UTC))[0]
TOKEN, OTHER_TOKEN = "00000000-1111-2222-3333-444444444444", "00000000-5555-6666-7777-888888888888"
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

    def write_token(self, accessor: str, said: dict[str, Any]) -> tuple[int, Any]:
        """As Consul does: what creates a token does not update it (agent/consul/auth/token_writer.go)."""
        if not accessor and said["AccessorID"] in self.tokens:
            return 500, "Invalid Token: AccessorID is already in use"
        if not accessor and said["SecretID"] in self.tokens.values():
            return 500, "Invalid Token: SecretID is already in use"
        if accessor and self.tokens.get(accessor) != said["SecretID"]:
            return 500, "Changing a token's SecretID is not permitted"
        self.tokens[said["AccessorID"]] = said["SecretID"]
        self.policies[said["AccessorID"]] = [one["Name"] for one in said["Policies"]]
        return 200, said

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
            status, found = 200, cast(Any, True)
            if path == "/v1/status/leader":
                found = "10.0.0.2:8300"
            elif path == "/v1/acl/tokens":
                found = [{"AccessorID": one, "SecretID": secret} for one, secret in known.tokens.items()]
            elif path == "/v1/acl/policies":
                found = []
            elif path.startswith("/v1/acl/token") and self.command == "PUT":
                status, found = known.write_token(path.removeprefix("/v1/acl/token").strip("/"), said)
            elif path.startswith("/v1/acl/token/"):
                del known.tokens[path.rpartition("/")[2]]
            elif path == "/v1/operator/keyring":
                found = known.keyring(self.command, said.get("Key", ""))
            elif path == "/v1/agent/self":
                found = {"Meta": known.marks}
            elif path == "/v1/agent/reload":
                known.marks = known.next_marks
            self.send(status, found if status != 200 else json.dumps(found))

    return Agent


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    known = Known()
    server = Server(agent(known))
    server.start()
    known.base = server.url
    agents = SimpleNamespace(agents=lambda *_: {"dev-server-0": server.url}, bring_files=lambda *_: None)
    monkeypatch.setattr("consul_on_pulumi.providers.evidence.operations", lambda _: agents)
    monkeypatch.setattr("consul_on_pulumi.security.credentials.UPDATE_TIMEOUT", 1.0)
    yield known
    server.stop()


def generated(cluster: Known, delete: str = "", **words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Credentials that the cluster knows but for one to `delete`, and those of an update with other words."""
    props = {"names": ["management", "gates"], "cluster": "dev", "location": LOCATION, "rotate": WORDS}
    first = CredentialsProvider().create(props).outs
    assert first
    first["gossip_key"] = "old"
    cluster.tokens = {f"old-{name}": secret for name, secret in first["tokens"].items() if name != delete}
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


def with_given(cluster: Known, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs with a management token that is given, and inputs that ask for another one."""
    props = {"names": ["management"], "cluster": "dev", "location": LOCATION, "rotate": WORDS}
    first = CredentialsProvider().create(props | {"given": {"management": TOKEN}}).outs
    assert first
    cluster.tokens = {"old": TOKEN}
    words = WORDS | {"management_token": "1"}
    return first, {**props, "rotate": words, "given": {"management": token}, "authority": CERTIFICATE}


def test_a_given_token_does_not_replace_itself(cluster: Known) -> None:
    first, news = with_given(cluster, TOKEN)

    with pytest.raises(RefusedError) as caught:
        CredentialsProvider().diff("id", first, news)

    assert str(caught.value) == (
        "security_secrets: management.token: expected another token than the present one, since "
        "`security.rotate.management_token` changed: give another one, or restore the old word"
    )
    assert CredentialsProvider().diff("id", first, news | {"rotate": WORDS}).changes is False
    unknown: dict[str, Any] = {"given": {"management": Unknown()}}  # type: ignore[no-untyped-call]
    assert CredentialsProvider().diff("id", first, news | unknown).changes is True


def test_a_rotation_to_a_given_token_that_stopped_goes_on(cluster: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    first, news = with_given(cluster, OTHER_TOKEN)
    news["rotate"] = WORDS | {"management_token": "1", "gossip_key": "1"}
    with monkeypatch.context() as stopped:
        stopped.setattr("consul_on_pulumi.consul.keyring.TIMEOUT", 0)
        cluster.deaf = 1
        with pytest.raises(RefusedError, match="agents have the new gossip key"):
            CredentialsProvider().update("id", first, news)
    (accessor,) = set(cluster.tokens) - {"old"}
    cluster.deaf = 0

    later = CredentialsProvider().update("id", first, news).outs

    assert later
    assert cluster.tokens == {"old": TOKEN, accessor: OTHER_TOKEN}
    assert (later["ids"]["management"], later["retired"]) == (accessor, ["old"])


def test_a_token_that_is_given_again_before_it_was_deleted_is_kept(cluster: Known) -> None:
    first, news = with_given(cluster, OTHER_TOKEN)
    second = CredentialsProvider().update("id", first, news).outs
    assert second
    again = {"rotate": WORDS | {"management_token": "2"}, "given": {"management": TOKEN}}

    third = CredentialsProvider().update("id", second, news | again).outs

    assert third
    assert (third["ids"]["management"], third["retired"]) == ("old", [second["ids"]["management"]])


def test_a_token_that_was_deleted_by_hand_is_replaced_and_there_is_nothing_to_retire(cluster: Known) -> None:
    first, later = generated(cluster, delete="gates", tokens="1")

    assert later["tokens"]["gates"] != first["tokens"]["gates"]
    assert later["retired"] == []


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

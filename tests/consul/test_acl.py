"""Policies and tokens where an answer is lost: Consul creates nothing twice, and the program goes on with what is."""

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from consul_on_pulumi.consul import acl
from consul_on_pulumi.consul.api import Consul, RefusedError
from consul_on_pulumi.security.access import AccessProvider

from tests.doubles.http_server import Handler, Server


class Store:
    """What a leader stores, and what becomes of the next requests."""

    def __init__(self) -> None:
        self.policies: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.lost: list[str] = []
        self.base = ""

    def list_of(self, what: str) -> dict[str, dict[str, Any]]:
        return self.policies if what in ("policy", "policies") else self.tokens

    def put(self, what: str, of: str, body: dict[str, Any]) -> tuple[int, Any]:
        """As in agent/consul/acl_endpoint.go and agent/consul/auth/token_writer.go."""
        found = self.list_of(what)
        if what == "policy" and not of:
            if body["Name"] in (one["Name"] for one in found.values()):
                return 500, f'Invalid Policy: A Policy with Name "{body["Name"]}" already exists'
            of = f"id-of-{body['Name']}"
        elif what == "token" and not of:
            of = body["AccessorID"]
            if of in found:
                return 500, "Invalid Token: AccessorID is already in use"
            if body["SecretID"] in (one["SecretID"] for one in found.values()):
                return 500, "Invalid Token: SecretID is already in use"
        elif of not in found:
            return 500, f"cannot find {of}"
        found[of] = {"ID": of, **body}
        return 200, found[of]


def leader(store: Store) -> type[Handler]:
    """Answers for one server."""

    class Leader(Handler):
        def respond(self, body: bytes) -> None:
            what, _, of = self.path.removeprefix("/v1/acl/").partition("/")
            if self.path == "/v1/status/leader":
                return self.send(200, '"10.0.0.2:8300"')
            status, found = 200, cast(Any, None)
            if self.command == "PUT":
                status, found = store.put(what, of, json.loads(body))
            elif self.command == "DELETE" and store.list_of(what).pop(of, None) is None:
                status, found = 403, "token does not exist: ACL not found"
            elif self.command == "GET":
                every = store.list_of(what)
                # A list has no rules.
                stubs = [{key: part for key, part in one.items() if key != "Rules"} for one in every.values()]
                found = every[of] if of else stubs
            if self.command in store.lost:
                store.lost.remove(self.command)
                status, found = 500, "No cluster leader"
            self.send(status, found if status != 200 else json.dumps(found))

    return Leader


@pytest.fixture
def store() -> Iterator[Store]:
    found = Store()
    server = Server(leader(found))
    server.start()
    found.base = server.url
    yield found
    server.stop()


def consul(store: Store) -> Consul:
    return Consul([store.base], {}, 1.0)


TOKEN = acl.Token("accessor", "secret", ["seeds"])


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("what", ["policy", "token"])
def test_what_was_created_before_its_answer_was_lost_is_brought_up_to_date(store: Store, what: str, times: int) -> None:
    store.lost = ["PUT"] * times
    acl.apply(consul(store), {"seeds": "rules"} if what == "policy" else {}, {"dev seeds": TOKEN})

    assert store.lost == []
    assert {one["Name"]: one["Rules"] for one in store.policies.values()} == (
        {"seeds": "rules"} if what == "policy" else {}
    )
    assert [one["SecretID"] for one in store.tokens.values()] == ["secret"]


def test_a_secret_that_another_token_has_is_refused_at_once(store: Store) -> None:
    store.tokens["other"] = {"AccessorID": "other", "SecretID": "secret", "Description": ""}

    with pytest.raises(RefusedError, match="SecretID is already in use") as caught:
        acl.apply(consul(store), {}, {"dev seeds": TOKEN})

    assert "another token has it" in str(caught.value)
    assert list(store.tokens) == ["other"]


def test_a_token_whose_deletion_was_not_acknowledged_is_deleted(store: Store) -> None:
    store.tokens["old"] = {"AccessorID": "old", "SecretID": "secret", "Description": ""}
    store.lost = ["DELETE"]

    acl.delete(consul(store), ["old"])

    assert store.tokens == {}


def joining(store: Store, *keys: str) -> dict[str, Any]:
    """The inputs of the policies and tokens of a cluster that joins another one."""
    inputs = {"cluster": "new", "keys": keys, "tokens": {}, "ids": {}, "anonymous_read": False}
    return {**inputs, "addresses": [store.base], "join": True}


def test_policies_of_a_cluster_that_is_joined_are_not_overwritten(store: Store) -> None:
    store.tokens[acl.ANONYMOUS] = {"AccessorID": acl.ANONYMOUS, "SecretID": "anonymous", "Description": ""}
    for name, rules in [("dns", "theirs"), ("seeds", "theirs"), ("other", "theirs")]:
        store.put("policy", "", {"Name": name, "Rules": rules, "Description": ""})
    before = json.dumps(store.policies)

    with pytest.raises(RefusedError) as caught:
        AccessProvider().create(joining(store))

    assert "expected no policies of the same names in the cluster that it joins, got others called dns, seeds." in str(
        caught.value
    )
    assert json.dumps(store.policies) == before
    for name in ("dns", "seeds"):
        store.policies[f"id-of-{name}"]["Name"] = f"old-{name}"
        store.policies[f"old-{name}"] = store.policies.pop(f"id-of-{name}")
    AccessProvider().create(joining(store))
    assert {one["Rules"] for one in store.policies.values() if one["Name"].startswith("old-")} == {"theirs"}


def test_policies_that_an_update_wrote_before_it_stopped_are_written_again(store: Store) -> None:
    store.tokens[acl.ANONYMOUS] = {"AccessorID": acl.ANONYMOUS, "SecretID": "anonymous", "Description": ""}
    AccessProvider().create(joining(store))

    AccessProvider().create(joining(store, "app/"))

    (rules,) = (one["Rules"] for one in store.policies.values() if one["Name"] == "seeds")
    assert "app/" in rules
    assert {one["Description"] for one in store.policies.values()} == {"consul-on-pulumi new"}

"""The HTTP client, with a fake Consul. Real servers are tested in tests/e2e."""

import socket
import time
from collections.abc import Callable

import pytest
from consul_on_pulumi.consul.api import ChangedError, Consul, RefusedError, UnreachableError, leader_now
from consul_on_pulumi.model.kv_plan import Operation, Stored
from consul_on_pulumi.model.seed import Seed

from tests.doubles.fake_consul import LEADER, FakeConsul, Fault

pytestmark = pytest.mark.usefixtures("short_timeouts")

FAULTS = [Fault.NO_LEADER, Fault.BUSY, Fault.RESET, Fault.HANG]


def unused_address() -> str:
    """An address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def cas(key: str, index: int) -> Operation:
    return {"KV": {"Verb": "cas", "Key": key, "Value": "dg==", "Flags": 0, "Index": index}}


def test_the_leader_is_the_one_that_servers_report(three: FakeConsul) -> None:
    assert Consul(three.addresses, {}, 0.3).leader() == LEADER


def test_the_leader_is_found_if_the_first_server_is_down(consul: FakeConsul) -> None:
    assert Consul([unused_address(), *consul.addresses], {}, 0.3).leader() == LEADER


def test_the_leader_is_the_one_that_most_servers_report(three: FakeConsul) -> None:
    three.reported_leader = {0: "172.30.0.9:8300"}

    assert Consul(three.addresses, {}, 0.3).leader() == LEADER


def test_an_election_is_waited_for(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, "/v1/status/leader", times=2)

    assert Consul(consul.addresses, {}, 5).leader() == LEADER
    assert len(consul.requests) == 3


def test_a_cluster_without_a_leader_is_an_error_with_the_addresses(consul: FakeConsul) -> None:
    consul.leader = ""

    with pytest.raises(UnreachableError) as caught:
        Consul(consul.addresses, {}, 0.1).leader()

    assert str(caught.value).startswith(f"no leader within 0 s: {consul.addresses[0]} knows no leader: a majority")


def test_leader_now_returns_the_leader_or_none(consul: FakeConsul) -> None:
    assert leader_now(consul.addresses, {}, 0.3) == LEADER
    assert leader_now([unused_address()], {}, 0.0) is None


@pytest.mark.parametrize("problem", FAULTS)
def test_another_server_is_tried_when_one_fails(three: FakeConsul, problem: Fault) -> None:
    three.write("a", "1")
    three.fail(problem, server=0)

    assert Consul(three.addresses, {}, 0.3).keys_below("a") == {"a": Stored(Seed(b"1"), 11, 11)}
    assert [request.server for request in three.requests] == [0, 1]


@pytest.mark.parametrize("problem", FAULTS)
def test_a_single_server_is_tried_again(consul: FakeConsul, problem: Fault) -> None:
    consul.write("a", "1")
    consul.fail(problem)

    assert Consul(consul.addresses, {}, 5).keys_below("a") == {"a": Stored(Seed(b"1"), 11, 11)}


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (Fault.NO_LEADER, "500 No cluster leader"),
        (Fault.BUSY, "429 Your IP is issuing too many concurrent connections, please rate limit your calls"),
        (Fault.RESET, "cannot be reached (Connection reset by peer)"),
        (Fault.HANG, "does not answer in time"),
    ],
)
def test_a_lasting_fault_is_an_error_and_not_a_missing_key(consul: FakeConsul, problem: Fault, message: str) -> None:
    consul.fail(problem, times=float("inf"))

    with pytest.raises(UnreachableError) as caught:
        Consul(consul.addresses, {}, 0.1).keys_below("a")

    assert str(caught.value).startswith(f"not done within 0 s: {consul.addresses[0]} ")
    assert f"{message}: " in str(caught.value)


def test_a_cluster_without_addresses_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="no server is known"):
        Consul([], {}, 0.0).keys_below("a")


def test_a_refusal_is_an_error_at_once_and_no_other_server_is_tried(three: FakeConsul) -> None:
    three.fail(Fault.FORBIDDEN)

    with pytest.raises(RefusedError) as caught:
        Consul(three.addresses, {}, 60).keys_below("a")

    assert str(caught.value) == (
        f"{three.addresses[0]} answered GET /v1/kv/a with 403 Permission denied: give the program a token that may do "
        "this with `pulumi config set --secret token`"
    )
    assert len(three.requests) == 1


def test_the_timeout_limits_a_call_with_all_its_attempts(three: FakeConsul) -> None:
    three.fail(Fault.NO_LEADER, times=float("inf"))
    began = time.monotonic()

    with pytest.raises(UnreachableError):
        Consul(three.addresses, {}, 0.3).keys_below("a")

    assert 0.3 <= time.monotonic() - began < 2


def test_a_proxy_from_the_environment_is_not_used(consul: FakeConsul, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", unused_address())
    monkeypatch.setenv("http_proxy", unused_address())
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")

    assert Consul(consul.addresses, {}, 0.0).leader() == LEADER


def test_keys_are_read_consistently_with_their_values_and_indexes(consul: FakeConsul) -> None:
    consul.write("app/name", "wéb")
    consul.write("app/raw", b"\xff\x00", flags=2**64 - 1)
    consul.write("app/empty", "")
    consul.write("other", "x")

    assert Consul(consul.addresses, {}, 0.3).keys_below("app") == {
        "app/name": Stored(Seed("wéb".encode()), 11, 11),
        "app/raw": Stored(Seed(b"\xff\x00", 2**64 - 1), 12, 12),
        "app/empty": Stored(Seed(b""), 13, 13),
    }
    assert [(request.path, request.query) for request in consul.requests] == [
        ("/v1/kv/app", {"recurse": "", "consistent": ""})
    ]


def test_a_few_keys_are_read_in_one_transaction_and_no_others(consul: FakeConsul) -> None:
    consul.write("app/name", "web", flags=7)
    consul.write("app/name", "web2", flags=7)
    consul.write("app/other", "x")

    assert Consul(consul.addresses, {}, 0.3).existing(["app/name", "app/none"]) == {
        "app/name": Stored(Seed(b"web2", 7), 12, 11)
    }
    assert [(request.path, request.query) for request in consul.requests] == [("/v1/txn", {"consistent": ""})]


@pytest.mark.parametrize("prefix", ["app", "nothing/there"])
def test_the_index_is_that_of_the_last_change(consul: FakeConsul, prefix: str) -> None:
    consul.write("app/name", "web")

    assert Consul(consul.addresses, {}, 0.3).index_below(prefix) == 11


def test_a_prefix_without_keys_has_no_entries(consul: FakeConsul) -> None:
    assert Consul(consul.addresses, {}, 0.3).keys_below("a") == {}


@pytest.mark.parametrize("key", ["a b/c?d#e", "a%2Fb", "ä☃", "a+b&c=d", "x...y"])
def test_a_key_may_have_any_characters(consul: FakeConsul, key: str) -> None:
    client = Consul(consul.addresses, {}, 0.3)

    client.put(key, b"v", 0)

    assert consul.texts == {key: "v"}
    assert client.keys_below(key).keys() == {key}


def test_a_transaction_does_all_its_operations(consul: FakeConsul) -> None:
    consul.write("old", "x")

    Consul(consul.addresses, {}, 0.3).transact(
        [cas("a", 0), cas("b", 0), {"KV": {"Verb": "delete-cas", "Key": "old", "Index": 11}}]
    )

    assert consul.texts == {"a": "v", "b": "v"}


def test_a_transaction_with_a_changed_key_does_nothing(consul: FakeConsul) -> None:
    consul.write("b", "theirs")

    with pytest.raises(ChangedError) as caught:
        Consul(consul.addresses, {}, 0.3).transact([cas("a", 0), cas("b", 0), cas("b", 0)])

    assert str(caught.value) == 'failed to set key "b", index is stale'
    assert consul.texts == {"b": "theirs"}


@pytest.mark.parametrize(
    "act", [lambda client: client.transact([cas("a", 0)]), lambda client: client.existing(["a"])], ids=["write", "read"]
)
def test_bug_a_transaction_that_a_token_does_not_allow_is_refused_and_not_tried_again(
    consul: FakeConsul, act: Callable[[Consul], object]
) -> None:
    consul.fail(Fault.DENIED, "/v1/txn", times=9)

    with pytest.raises(RefusedError, match="Permission denied: key:write"):
        act(Consul(consul.addresses, {}, 0.3))
    assert len(consul.requests) == 1


def test_a_single_write_fails_if_the_key_changed(consul: FakeConsul) -> None:
    client = Consul(consul.addresses, {}, 0.3)
    client.put("a", b"1", 0)

    with pytest.raises(ChangedError, match="key 'a'"):
        client.put("a", b"2", 0)
    client.put("a", b"3", consul.keys["a"].index)

    assert consul.texts == {"a": "3"}

"""The conversation with Consul, held with an in-process fake. What real servers do under load is not shown here."""

import socket
import time
from collections.abc import Callable

import pytest
from consul_on_pulumi.consul.api import ChangedError, Consul, RefusedError, UnreachableError, leader_now
from consul_on_pulumi.model.kv_plan import Operation, Stored
from consul_on_pulumi.model.seed import Seed

from tests.doubles.fake_consul import LEADER, FakeConsul, Fault

pytestmark = pytest.mark.usefixtures("hurried")

TROUBLES = [Fault.NO_LEADER, Fault.BUSY, Fault.RESET, Fault.HANG]


def nobody() -> str:
    """An address at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def cas(key: str, index: int) -> Operation:
    return {"KV": {"Verb": "cas", "Key": key, "Value": "dg==", "Flags": 0, "Index": index}}


def test_the_leader_is_the_one_that_servers_name(three: FakeConsul) -> None:
    assert Consul(three.addresses, 0.3).leader() == LEADER


def test_the_leader_is_found_though_the_first_server_is_down(consul: FakeConsul) -> None:
    assert Consul([nobody(), *consul.addresses], 0.3).leader() == LEADER


def test_a_server_that_is_cut_off_does_not_outvote_the_others(three: FakeConsul) -> None:
    three.names_as_leader = {0: "172.30.0.9:8300"}

    assert Consul(three.addresses, 0.3).leader() == LEADER


def test_an_election_is_waited_for(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, "/v1/status/leader", times=2)

    assert Consul(consul.addresses, 5).leader() == LEADER
    assert len(consul.asked) == 3


def test_no_leader_in_time_is_told_with_the_addresses(consul: FakeConsul) -> None:
    consul.leader = ""

    with pytest.raises(UnreachableError) as caught:
        Consul(consul.addresses, 0.1).leader()

    assert str(caught.value) == f"no leader within 0 s at {consul.addresses[0]}"


def test_a_lookup_answers_with_the_leader_or_with_nothing(consul: FakeConsul) -> None:
    assert leader_now(consul.addresses, 0.3) == LEADER
    assert leader_now([nobody()], 0.0) is None


@pytest.mark.parametrize("problem", TROUBLES)
def test_another_server_is_asked_when_one_is_in_trouble(three: FakeConsul, problem: Fault) -> None:
    three.write("a", "1")
    three.fail(problem, server=0)

    assert Consul(three.addresses, 0.3).keys_below("a") == {"a": Stored(Seed(b"1"), 11, 11)}
    assert [asked.server for asked in three.asked] == [0, 1]


@pytest.mark.parametrize("problem", TROUBLES)
def test_a_single_server_is_asked_again_after_its_trouble(consul: FakeConsul, problem: Fault) -> None:
    consul.write("a", "1")
    consul.fail(problem)

    assert Consul(consul.addresses, 5).keys_below("a") == {"a": Stored(Seed(b"1"), 11, 11)}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Fault.NO_LEADER, "500 No cluster leader"),
        (Fault.BUSY, "429 Your IP is issuing too many concurrent connections, please rate limit your calls"),
        (Fault.RESET, "ConnectionError"),
        (Fault.HANG, "ReadTimeout"),
    ],
)
def test_lasting_trouble_is_unreachable_and_not_absence(consul: FakeConsul, problem: Fault, said: str) -> None:
    consul.fail(problem, times=float("inf"))

    with pytest.raises(UnreachableError) as caught:
        Consul(consul.addresses, 0.1).keys_below("a")

    assert str(caught.value) == f"no answer within 0 s, last {consul.addresses[0]}: {said}"


def test_a_cluster_without_addresses_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="last no address to ask"):
        Consul([], 0.0).keys_below("a")


def test_a_refusal_is_told_at_once_and_not_tried_elsewhere(three: FakeConsul) -> None:
    three.fail(Fault.FORBIDDEN)

    with pytest.raises(RefusedError) as caught:
        Consul(three.addresses, 60).keys_below("a")

    assert str(caught.value) == f"{three.addresses[0]}: 403 Permission denied"
    assert len(three.asked) == 1


def test_patience_bounds_a_call_with_all_its_tries(three: FakeConsul) -> None:
    three.fail(Fault.NO_LEADER, times=float("inf"))
    began = time.monotonic()

    with pytest.raises(UnreachableError):
        Consul(three.addresses, 0.3).keys_below("a")

    assert 0.3 <= time.monotonic() - began < 2


def test_a_proxy_of_the_environment_is_not_asked(consul: FakeConsul, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", nobody())
    monkeypatch.setenv("http_proxy", nobody())
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")

    assert Consul(consul.addresses, 0.0).leader() == LEADER


def test_keys_are_read_through_the_leader_with_their_values_and_indexes(consul: FakeConsul) -> None:
    consul.write("app/name", "wéb")
    consul.write("app/raw", b"\xff\x00", flags=2**64 - 1)
    consul.write("app/empty", "")
    consul.write("other", "x")

    assert Consul(consul.addresses, 0.3).keys_below("app") == {
        "app/name": Stored(Seed("wéb".encode()), 11, 11),
        "app/raw": Stored(Seed(b"\xff\x00", 2**64 - 1), 12, 12),
        "app/empty": Stored(Seed(b""), 13, 13),
    }
    assert [(asked.path, asked.query) for asked in consul.asked] == [("/v1/kv/app", {"recurse": "", "consistent": ""})]


def test_a_few_keys_are_read_in_one_transaction_and_no_others(consul: FakeConsul) -> None:
    consul.write("app/name", "web", flags=7)
    consul.write("app/name", "web2", flags=7)
    consul.write("app/other", "x")

    assert Consul(consul.addresses, 0.3).at(["app/name", "app/none"]) == {"app/name": Stored(Seed(b"web2", 7), 12, 11)}
    assert [(asked.path, asked.query) for asked in consul.asked] == [("/v1/txn", {"consistent": ""})]


@pytest.mark.parametrize("prefix", ["app", "nothing/there"])
def test_the_index_tells_how_far_the_store_has_come(consul: FakeConsul, prefix: str) -> None:
    consul.write("app/name", "web")

    assert Consul(consul.addresses, 0.3).index_below(prefix) == 11


def test_no_keys_below_a_prefix_is_absence(consul: FakeConsul) -> None:
    assert Consul(consul.addresses, 0.3).keys_below("a") == {}


@pytest.mark.parametrize("key", ["a b/c?d#e", "a%2Fb", "ä☃", "a+b&c=d", "x...y"])
def test_a_key_of_any_characters_reaches_consul_as_it_is(consul: FakeConsul, key: str) -> None:
    talk = Consul(consul.addresses, 0.3)

    talk.put(key, b"v", 0)

    assert consul.texts == {key: "v"}
    assert talk.keys_below(key).keys() == {key}


def test_a_transaction_is_done_as_a_whole(consul: FakeConsul) -> None:
    consul.write("old", "x")

    Consul(consul.addresses, 0.3).transact(
        [cas("a", 0), cas("b", 0), {"KV": {"Verb": "delete-cas", "Key": "old", "Index": 11}}]
    )

    assert consul.texts == {"a": "v", "b": "v"}


def test_a_transaction_on_a_changed_key_is_not_done_at_all(consul: FakeConsul) -> None:
    consul.write("b", "theirs")

    with pytest.raises(ChangedError) as caught:
        Consul(consul.addresses, 0.3).transact([cas("a", 0), cas("b", 0), cas("b", 0)])

    assert str(caught.value) == 'failed to set key "b", index is stale'
    assert consul.texts == {"b": "theirs"}


@pytest.mark.parametrize(
    "act", [lambda talk: talk.transact([cas("a", 0)]), lambda talk: talk.at(["a"])], ids=["write", "read"]
)
def test_bug_a_transaction_that_a_token_does_not_allow_is_refused_and_not_tried_again(
    consul: FakeConsul, act: Callable[[Consul], object]
) -> None:
    consul.fail(Fault.DENIED, "/v1/txn", times=9)

    with pytest.raises(RefusedError, match="Permission denied: key:write"):
        act(Consul(consul.addresses, 0.3))
    assert len(consul.asked) == 1


def test_a_single_write_names_the_index_it_relies_on(consul: FakeConsul) -> None:
    talk = Consul(consul.addresses, 0.3)
    talk.put("a", b"1", 0)

    with pytest.raises(ChangedError, match="key 'a'"):
        talk.put("a", b"2", 0)
    talk.put("a", b"3", consul.keys["a"].index)

    assert consul.texts == {"a": "3"}

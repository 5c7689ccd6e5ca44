"""KvEntries with a fake Consul, called as the engine calls it."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from consul_on_pulumi.consul import kv_store
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.seed import Seed
from consul_on_pulumi.providers import kv_entries, kv_moves
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as some
from pulumi.output import Unknown
from pulumi.runtime.rpc import UNKNOWN

from tests.doubles.fake_consul import FakeConsul, Fault

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.fixture(autouse=True)
def no_cluster_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the process of each update."""
    monkeypatch.setattr(kv_moves, "_clusters", {})


WRITES = ("/v1/txn", "/v1/kv/")


def props(consul: FakeConsul, **entries: str) -> dict[str, Any]:
    return {"addresses": consul.addresses, "entries": entries, "revision": 1}


def create(consul: FakeConsul, **entries: str) -> dict[str, Any]:
    outs: dict[str, Any] = KvEntriesProvider().create(props(consul, **entries)).outs
    return outs


def update(consul: FakeConsul, olds: dict[str, Any], **entries: str) -> dict[str, Any]:
    outs: dict[str, Any] = KvEntriesProvider().update("id", olds, props(consul, **entries)).outs
    return outs


def test_inputs_are_not_changed() -> None:
    news = {"addresses": UNKNOWN, "entries": {"a": "1"}, "revision": 1}

    result = KvEntriesProvider().check({}, news)

    assert (result.inputs, result.failures) == (news, [])


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({}, False),
        ({"__provider": "another pickle"}, False),
        ({"entries": {"a": "2"}}, True),
        ({"entries": {}}, True),
        ({"addresses": ["http://other"]}, True),
        ({"addresses": UNKNOWN}, True),
        ({"revision": 2}, True),
    ],
    ids=str,
)
def test_a_difference_is_an_update_in_place_also_an_unknown_address(change: dict[str, Any], changes: bool) -> None:
    olds = {"addresses": ["http://one"], "entries": {"a": "1"}, "revision": 1.0}

    result = KvEntriesProvider().diff("id", olds, olds | change)

    assert result.changes is changes
    assert not result.replaces


def test_creating_writes_every_entry(consul: FakeConsul) -> None:
    first, second = (KvEntriesProvider().create(props(consul, a="1", b="")) for _ in range(2))

    assert consul.texts == {"a": "1", "b": ""}
    assert first.outs == props(consul, a="1", b="")
    assert first.id != second.id


def test_creating_adopts_existing_keys_with_the_same_value(consul: FakeConsul) -> None:
    consul.write("a", "1")

    create(consul, a="1")

    assert consul.writes() == []


def test_creating_nothing_writes_nothing(consul: FakeConsul) -> None:
    assert create(consul) == props(consul)
    assert consul.writes() == []


def test_creating_waits_for_the_leader_before_it_reads(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, "/v1/status", times=2)

    create(consul, a="1")

    assert [request.path for request in consul.requests] == ["/v1/status/leader"] * 3 + ["/v1/txn", "/v1/txn"]


def test_updating_writes_changes_and_deletes_unwanted_keys(consul: FakeConsul) -> None:
    olds = create(consul, same="1", changed="1", gone="1")
    index = consul.keys["same"].index

    outs = update(consul, olds, same="1", changed="2", new="1")

    assert consul.texts == {"same": "1", "changed": "2", "new": "1"}
    assert consul.keys["same"].index == index
    assert outs == props(consul, same="1", changed="2", new="1")


def test_updating_uses_the_new_addresses(three: FakeConsul) -> None:
    olds = create(three, a="1") | {"addresses": ["http://127.0.0.1:1"]}

    update(three, olds, a="2")

    assert three.texts == {"a": "2"}


def test_deleting_removes_only_unchanged_keys_of_this_set(consul: FakeConsul) -> None:
    outs = create(consul, **{"mine": "1", "app/mine": "1", "taken": "1"})
    consul.write("taken", "theirs")
    consul.write("app/theirs", "x")

    KvEntriesProvider().delete("id", outs)

    assert consul.texts == {"taken": "theirs", "app/theirs": "x"}


def test_deleting_twice_is_no_error(consul: FakeConsul) -> None:
    outs = create(consul, a="1")

    KvEntriesProvider().delete("id", outs)
    KvEntriesProvider().delete("id", outs)

    assert consul.texts == {}


def test_reading_returns_the_current_entries_as_inputs_and_outputs(consul: FakeConsul) -> None:
    outs = create(consul, same="1", changed="1", gone="1")
    consul.write("changed", "theirs")
    consul.write("foreign", "x")
    del consul.keys["gone"]

    result = KvEntriesProvider().read("id", outs)

    assert result.id == "id"
    assert result.outs == result.inputs == props(consul, same="1", changed="theirs")
    assert KvEntriesProvider().diff("id", result.outs, outs).changes is True


def test_reading_an_unreachable_cluster_changes_nothing(consul: FakeConsul) -> None:
    outs = create(consul, a="1")
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    result = KvEntriesProvider().read("id", outs)

    assert (result.id, result.outs, result.inputs) == ("id", outs, outs)


def test_reading_a_value_that_became_binary_shows_a_difference(consul: FakeConsul) -> None:
    outs = create(consul, a="1")
    consul.write("a", b"\xff")

    found = KvEntriesProvider().read("id", outs).outs

    assert found["entries"] == {}
    assert found["binary"]["a"]["bytes"] == 1
    assert update(consul, found, a="1") == outs
    assert consul.texts == {"a": "1"}


def test_drift_is_undone_by_the_next_update(consul: FakeConsul) -> None:
    outs = create(consul, changed="1", gone="1")
    consul.write("changed", "theirs")
    del consul.keys["gone"]

    update(consul, KvEntriesProvider().read("id", outs).outs, changed="1", gone="1")

    assert consul.texts == {"changed": "1", "gone": "1"}


@pytest.mark.parametrize("act", [create, lambda consul, **new: update(consul, props(consul), **new)])
def test_a_value_of_another_program_is_a_conflict_and_nothing_is_written(
    consul: FakeConsul, act: Callable[..., Any]
) -> None:
    consul.write("b", "theirs")

    with pytest.raises(RefusedError) as caught:
        act(consul, a="1", b="1")

    assert str(caught.value) == (
        "nothing was written: b exists already with another value: "
        "remove it, leave it out here, or set on_conflict: overwrite"
    )
    assert consul.texts == {"b": "theirs"}


def test_a_value_that_another_program_changed_is_not_overwritten(consul: FakeConsul) -> None:
    olds = create(consul, a="1")
    consul.write("a", "theirs")

    with pytest.raises(
        RefusedError, match="nothing was written: a was changed by another program: run `pulumi refresh`"
    ):
        update(consul, olds, a="2")

    assert consul.texts == {"a": "theirs"}


def test_a_message_names_at_most_20_keys(consul: FakeConsul) -> None:
    entries = {f"k{number:02}": "1" for number in range(25)}
    for key in entries:
        consul.write(key, "theirs")

    with pytest.raises(RefusedError) as caught:
        create(consul, **entries)

    assert f"{', '.join(sorted(entries)[:20])} and 5 more exists already" in str(caught.value)


def test_a_write_of_another_program_in_between_is_not_overwritten(consul: FakeConsul) -> None:
    consul.before_write(lambda: consul.write("a", "theirs"))

    with pytest.raises(RefusedError, match="nothing was written: a exists already with another value"):
        create(consul, a="1", b="1")

    assert consul.texts == {"a": "theirs"}


def test_a_deletion_by_another_program_in_between_is_undone(consul: FakeConsul) -> None:
    olds = create(consul, a="1")
    consul.before_write(lambda: consul.keys.pop("a") and None)

    update(consul, olds, a="2")

    assert consul.texts == {"a": "2"}


def test_keys_that_keep_changing_are_an_error(consul: FakeConsul) -> None:
    olds = create(consul, a="1")
    for _ in range(kv_store.MAX_ROUNDS):
        consul.before_write(lambda: consul.write("a", "1"))
    before = len(consul.writes())

    with pytest.raises(RefusedError) as caught:
        update(consul, olds, a="2")

    assert str(caught.value) == (
        'other programs wrote in all 5 attempts to write the keys (failed to set key "a", index is stale): run it again'
    )
    assert len(consul.writes()) - before == 5


def test_bug_a_conflict_after_the_first_batch_reports_that_other_keys_were_written(consul: FakeConsul) -> None:
    entries = {f"k{number:03}": "1" for number in range(129)}
    consul.before_write(lambda: None)
    consul.before_write(lambda: consul.write("k128", "theirs"))

    with pytest.raises(RefusedError, match=r"^other keys were written, these were not: k128 exists already"):
        create(consul, **entries)

    assert len(consul.texts) == 129


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.RESET, Fault.NO_LEADER, Fault.BUSY])
def test_a_write_whose_answer_is_lost_is_done_once(three: FakeConsul, fault: Fault) -> None:
    for path in WRITES:
        three.fail(fault, path, method="PUT")

    create(three, a="1", big="x" * 400_000)

    assert three.texts == {"a": "1", "big": "x" * 400_000}


def test_a_deletion_whose_answer_is_lost_is_no_error(three: FakeConsul) -> None:
    outs = create(three, a="1")
    three.fail(Fault.LOST_ANSWER, "/v1/txn")

    KvEntriesProvider().delete("id", outs)

    assert three.texts == {}


@pytest.mark.parametrize(
    "act",
    [
        lambda consul: create(consul, a="1"),
        lambda consul: update(consul, props(consul, a="1"), a="2"),
        lambda consul: KvEntriesProvider().delete("id", props(consul, a="1")),
    ],
    ids=["create", "update", "delete"],
)
def test_an_unreachable_cluster_is_an_error(consul: FakeConsul, act: Callable[[FakeConsul], Any]) -> None:
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    with pytest.raises(UnreachableError):
        act(consul)


def test_an_interrupted_run_is_continued(consul: FakeConsul) -> None:
    entries = {f"k{number:03}": "1" for number in range(200)}
    consul.before_write(lambda: None)
    consul.before_write(lambda: consul.fail(Fault.NO_LEADER, times=float("inf")))
    with pytest.raises(UnreachableError):
        create(consul, **entries, last="x" * 500_000)
    consul.recover()
    before = {key: entry.index for key, entry in consul.keys.items()}

    create(consul, **entries, last="x" * 500_000)

    assert len(before) >= 128
    assert {key: consul.keys[key].index for key in before} == before
    assert consul.texts == {**entries, "last": "x" * 500_000}


def test_values_that_are_too_large_for_a_transaction_are_written_alone(consul: FakeConsul) -> None:
    large = "x" * 524_288

    create(consul, small="1", large=large)
    outs = update(consul, props(consul, small="1", large=large), small="1", large="y" * 524_288)
    written = [(request.path, "cas" in request.query) for request in consul.writes()]
    KvEntriesProvider().delete("id", outs)

    assert written == [("/v1/txn", False), ("/v1/kv/large", True), ("/v1/kv/large", True)]
    assert consul.texts == {}


def test_a_large_value_of_another_program_is_not_overwritten(consul: FakeConsul) -> None:
    consul.before_write(lambda: consul.write("large", "theirs"))

    with pytest.raises(RefusedError, match="large exists already with another value"):
        create(consul, large="x" * 524_288)

    assert consul.texts == {"large": "theirs"}


def test_a_thousand_entries_take_a_few_transactions_and_one_read(consul: FakeConsul) -> None:
    create(consul, **{f"app/{number}": "v" for number in range(1000)})

    assert len(consul.texts) == 1000
    assert [request.path for request in consul.requests] == ["/v1/status/leader", "/v1/kv/app/"] + ["/v1/txn"] * 8


def test_one_changed_key_among_many_is_one_read_of_it_and_one_write(consul: FakeConsul) -> None:
    entries = {f"app/{number}": "v" for number in range(1000)}
    olds = create(consul, **entries)
    consul.requests.clear()

    update(consul, olds, **(entries | {"app/7": "new"}))

    assert [(request.path, request.reads) for request in consul.requests[1:]] == [("/v1/txn", True), ("/v1/txn", False)]
    assert consul.texts == entries | {"app/7": "new"}


@pytest.mark.parametrize(("tops", "reads"), [(16, 16), (17, 1)])
def test_with_many_top_level_keys_the_whole_store_is_read(consul: FakeConsul, tops: int, reads: int) -> None:
    create(consul, **{f"k{number}/{key}": "v" for number in range(tops) for key in range(9)})

    assert len([request for request in consul.requests if request.path.startswith("/v1/kv/")]) == reads


def test_flags_binary_and_secret_values_are_written_read_and_deleted_like_text(consul: FakeConsul) -> None:
    seeds = {"text": Seed(b"t", 2**64 - 1), "raw": Seed(b"\xff\x00", 7)}
    wanted = {**props(consul), **kv_state.to_props(seeds, {"secret": "hush"})}

    outs = KvEntriesProvider().create(wanted).outs

    assert outs == wanted
    assert {key: (entry.value, entry.flags) for key, entry in consul.keys.items()} == {
        "text": (b"t", 2**64 - 1),
        "raw": (b"\xff\x00", 7),
        "secret": (b"hush", 0),
    }
    assert KvEntriesProvider().read("id", outs).outs == outs
    KvEntriesProvider().delete("id", outs)
    assert consul.keys == {}


def test_a_large_value_keeps_its_flags(consul: FakeConsul) -> None:
    KvEntriesProvider().create({**props(consul), **kv_state.to_props({"large": Seed(b"x" * 524_288, 9)})})

    assert consul.keys["large"].flags == 9


def test_changed_flags_and_secrets_are_drift(consul: FakeConsul) -> None:
    outs = KvEntriesProvider().create({**props(consul), **kv_state.to_props({"a": Seed(b"1")}, {"s": "hush"})}).outs
    consul.write("a", "1", flags=3)
    consul.write("s", "other")

    found = KvEntriesProvider().read("id", outs).outs

    assert (found["flags"], found["secrets"]) == ({"a": "3"}, {"s": "other"})
    assert KvEntriesProvider().diff("id", found, outs).changes is True


@pytest.mark.parametrize("part", ["entries", "binary", "secrets", "flags"])
def test_a_change_of_any_map_is_a_change(part: str) -> None:
    olds = {"addresses": ["http://one"], "entries": {}, "revision": 1}

    assert KvEntriesProvider().diff("id", olds, olds | {part: {"a": "2"}}).changes is True


def test_a_missing_map_equals_an_empty_one() -> None:
    olds = {"addresses": ["http://one"], "entries": {"a": "1"}, "revision": 1}

    assert KvEntriesProvider().diff("id", olds, olds | {"flags": {}}).changes is False


def test_with_keep_edits_the_store_is_not_compared(consul: FakeConsul) -> None:
    outs = KvEntriesProvider().create(props(consul, edited="1", deleted="1") | {"keep_edits": True}).outs
    consul.write("edited", "by the application")
    del consul.keys["deleted"]

    assert KvEntriesProvider().read("id", outs).outs == outs
    news = props(consul, edited="2", deleted="2", new="2") | {"keep_edits": True}
    KvEntriesProvider().update("id", outs, news)
    assert consul.texts == {"edited": "by the application", "new": "2"}
    KvEntriesProvider().delete("id", news)
    assert consul.texts == {"edited": "by the application"}


def test_keep_edits_is_a_change_and_on_conflict_is_none() -> None:
    olds = {"addresses": ["http://one"], "entries": {}, "revision": 1}

    assert KvEntriesProvider().diff("id", olds, olds | {"keep_edits": True}).changes is True
    assert (
        KvEntriesProvider().diff("id", olds, olds | {"on_conflict": "fail", "baseline": 7, "set": "s"}).changes is False
    )


def test_with_fail_only_keys_of_an_interrupted_run_are_taken_over(consul: FakeConsul) -> None:
    consul.write("older", "1")
    strict = {"on_conflict": "fail", "baseline": consul.index}
    consul.write("ours", "1")

    with pytest.raises(RefusedError, match="older exists already: remove it"):
        KvEntriesProvider().create(props(consul, older="1", ours="1") | strict)
    KvEntriesProvider().create(props(consul, ours="1") | strict)

    assert consul.writes() == []


def checked(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    failures = KvEntriesProvider().check(olds, news).failures
    # The engine prints the value of a property that is named.
    assert all(failure.property == "" for failure in failures)
    return [failure.reason for failure in failures]


def test_a_preview_refuses_conflicts(consul: FakeConsul) -> None:
    olds = create(consul, changed="1", same="1")
    consul.write("changed", "theirs")
    consul.write("same", "theirs")
    consul.write("new", "theirs")

    found = checked(olds, props(consul, changed="2", same="1", new="1", free="1") | {"on_conflict": "fail"})

    assert [line.split(":")[0] for line in found] == [
        "new exists already with another value",
        "changed was changed by another program",
    ]
    assert consul.texts == {"changed": "theirs", "same": "theirs", "new": "theirs"}


def test_a_preview_of_a_closed_cluster_looks_for_conflicts_below_a_new_first_part(consul: FakeConsul) -> None:
    """The token for seeds gets the right to read it in the update."""
    consul.write("other/x", "theirs")
    tokens = {"cluster": "dev", "token": "of-gates", "seeds": "of-seeds", "management": "of-management"}

    (conflict,) = checked({}, props(consul, **{"other/x": "1"}) | {"connection": tokens, "on_conflict": "fail"})

    assert conflict.startswith("other/x exists already with another value")
    assert consul.tokens == {"of-management"}


def test_entries_of_which_nothing_is_known_are_an_update(consul: FakeConsul) -> None:
    """The engine asks so where a value is of a resource that is deleted before its replacement."""
    difference = KvEntriesProvider().diff("id", props(consul, a="1"), props(consul) | {"entries": Unknown()})

    assert difference.changes
    assert not difference.replaces
    assert consul.requests == []


@pytest.mark.parametrize("unknown", [{"addresses": Unknown()}, {"addresses": [Unknown()]}])
def test_a_preview_accepts_inputs_that_are_not_known_yet(consul: FakeConsul, unknown: dict[str, Any]) -> None:
    consul.write("a", "theirs")

    assert checked({}, props(consul, a="1") | unknown) == []
    assert checked({}, props(consul, b="1") | {"secrets": {"s": Unknown()}}) == []
    (conflict,) = checked({}, props(consul, a="1") | {"secrets": {"s": Unknown()}})
    assert conflict.startswith("a exists already with another value"), "the value of a is known"
    consul.fail(Fault.NO_LEADER, times=float("inf"))
    assert checked({}, props(consul, a="1")) == []


def test_the_first_preview_does_not_wait_for_a_cluster(consul: FakeConsul, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kv_entries, "Consul", lambda *_: pytest.fail("the preview waits"))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"

        assert checked({}, props(consul, a="1") | {"addresses": [address, address]}) == []


def test_a_preview_without_changed_entries_sends_no_request(consul: FakeConsul) -> None:
    outs = create(consul, a="1")
    consul.requests.clear()

    assert checked(outs, outs) == []
    assert consul.requests == []


def test_a_long_write_reports_its_progress(
    consul: FakeConsul, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kv_store, "PROGRESS_INTERVAL", 0.0)

    KvEntriesProvider().create(props(consul, **{f"k/{number}": "v" for number in range(200)}) | {"set": "consul-seeds"})

    assert capsys.readouterr().out == "consul-seeds: 128 of 200 keys done\nconsul-seeds: 200 of 200 keys done\n"


def test_a_state_with_entries_alone_is_no_change(consul: FakeConsul) -> None:
    """The smallest state: addresses, entries and revision, with numbers as the engine returns them."""
    create(consul, **{"app/name": "web", "motd": "hi"})
    recorded = {"addresses": consul.addresses, "entries": {"app/name": "web", "motd": "hi"}, "revision": 1.0}
    now = props(consul, **recorded["entries"]) | {"on_conflict": "fail", "baseline": 3.0, "set": "consul-seeds"}

    assert KvEntriesProvider().diff("id", recorded, now).changes is False
    assert KvEntriesProvider().read("id", recorded).outs == recorded
    assert checked(recorded, now) == []
    KvEntriesProvider().delete("id", recorded)
    assert consul.texts == {}


def test_no_message_shows_a_secret_value(consul: FakeConsul, capsys: pytest.CaptureFixture[str]) -> None:
    consul.write("s", "theirs")
    hidden = {**props(consul), **kv_state.to_props({}, {"s": "canary"})}

    with pytest.raises(RefusedError) as caught:
        KvEntriesProvider().create(hidden)

    assert "canary" not in str(caught.value) + str(checked({}, hidden)) + capsys.readouterr().out


STEPS = some.dictionaries(some.sampled_from(["a", "b", "c/d"]), some.sampled_from(["1", "2"]))


@trials(max_examples=15)
@given(STEPS, STEPS)
def test_after_two_updates_the_store_has_the_last_entries(first: dict[str, str], second: dict[str, str]) -> None:
    with FakeConsul() as consul:
        consul.write("foreign", "x")

        update(consul, create(consul, **first), **second)

        assert consul.texts == {"foreign": "x", **second}


def in_cluster(name: str, *keys: str) -> dict[str, Any]:
    """The inputs of one set of the cluster `consul`, whose sets have these keys together."""
    return {"set": name, "cluster": "consul-seeds", "cluster_keys": "\n".join(keys), "on_conflict": "adopt"}


def checked_inputs(olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """The inputs as the engine passes them to the update, and stores them."""
    result = KvEntriesProvider().check(olds, news)
    assert result.failures == []
    return result.inputs


def test_a3_the_keys_of_a_set_that_is_renamed_stay(consul: FakeConsul) -> None:
    binary = {"binary": kv_state.to_props({"b": Seed(b"\xff")})["binary"], "secrets": {"s": "hush"}}
    old = checked_inputs({}, props(consul, a="1", gone="1") | binary | in_cluster("consul-seeds-old", "a", "b", "gone"))
    KvEntriesProvider().create(old)
    stored = dict(consul.keys)

    new = checked_inputs({}, props(consul, a="1") | binary | in_cluster("consul-seeds-new", "a", "b", "s"))
    KvEntriesProvider().create(new)
    KvEntriesProvider().delete("id", old)

    del stored["gone"]
    assert consul.keys == stored


def test_a3_a_state_of_the_first_release_keeps_the_keys_of_other_sets_too(consul: FakeConsul) -> None:
    old = create(consul, a="1") | {"set": "consul-seeds-old"}
    checked_inputs({}, props(consul, a="1") | in_cluster("consul-seeds-new", "a"))

    KvEntriesProvider().delete("id", old)

    assert consul.texts == {"a": "1"}


def test_a3_the_sets_of_another_cluster_keep_no_key(consul: FakeConsul) -> None:
    old = create(consul, a="1") | {"set": "consul-seeds-old"}
    checked_inputs({}, props(consul, a="1") | in_cluster("other", "a") | {"cluster": "other-seeds"})
    checked_inputs({}, props(consul) | in_cluster("consul-seeds"))

    KvEntriesProvider().delete("id", old)

    assert consul.texts == {}


@pytest.mark.parametrize("first", ["loser", "winner"])
@pytest.mark.parametrize("value", ["1", "2"], ids=["same value", "another value"])
def test_a4_a_key_that_moves_to_another_set_is_never_lost(consul: FakeConsul, first: str, value: str) -> None:
    one = create(consul, k="1", dropped="1", x="1")
    two = create(consul, y="1")
    keys = ("k", "x", "y")
    loser = checked_inputs(one, props(consul, x="1") | in_cluster("consul-seeds-one", *keys))
    winner = checked_inputs(
        two, props(consul, y="1", k=value) | in_cluster("consul-seeds-two", *keys) | {"on_conflict": "overwrite"}
    )
    updates = [
        lambda: KvEntriesProvider().update("id", one, loser),
        lambda: KvEntriesProvider().update("id", two, winner),
    ]

    for run in updates if first == "loser" else reversed(updates):
        outs = run().outs

    assert consul.texts == {"k": value, "x": "1", "y": "1"}
    assert outs.keys().isdisjoint({"moved", "cluster", "cluster_keys"}), "no state holds the keys of other sets"


def test_a4_a_preview_shows_the_keys_that_move(consul: FakeConsul) -> None:
    one = create(consul, k="1", x="1")

    loser = checked_inputs(one, props(consul, x="1") | in_cluster("consul-seeds-one", "k", "x"))

    assert (loser["moved"], loser.keys() & {"cluster", "cluster_keys"}) == (["k"], set())
    again = checked_inputs(loser, props(consul, x="1") | in_cluster("consul-seeds-one", "k", "x"))
    assert "moved" not in again
    assert KvEntriesProvider().diff("id", loser, again).changes is False


def test_a_set_that_is_removed_while_the_addresses_change_is_deleted_at_the_new_ones(consul: FakeConsul) -> None:
    """Otherwise every later update would wait for the old address, and fail."""
    old = create(consul, a="1", b="1") | {"set": "consul-seeds-old", "addresses": ["http://127.0.0.1:1"]}
    checked_inputs({}, props(consul, b="1") | in_cluster("consul-seeds", "b"))

    KvEntriesProvider().delete("id", old)

    assert consul.texts == {"b": "1"}


def test_a_removed_set_belongs_to_one_of_two_clusters_whose_sets_have_similar_names(
    consul: FakeConsul, three: FakeConsul
) -> None:
    """Of the clusters `consul` and `consul-seeds`, in one program."""
    old = create(three, a="1", b="1") | {"set": "consul-seeds-seeds-old", "cluster_id": "2"}
    first = in_cluster("consul-seeds", "a") | {"cluster_id": "1"}
    second = in_cluster("consul-seeds-seeds", "b") | {"cluster_id": "2"}
    checked_inputs({}, props(consul, a="1") | first)
    checked_inputs({}, props(three, b="1") | second)

    for state in (old, {name: value for name, value in old.items() if name != "cluster_id"}):
        KvEntriesProvider().delete("id", state)

        assert three.texts == {"b": "1"}, "a is the other cluster's"
    assert consul.texts == {}


def test_a_removed_set_belongs_to_one_of_two_clusters_with_the_same_name(consul: FakeConsul, three: FakeConsul) -> None:
    """In two components of one program."""
    old = create(consul, a="1") | {"set": "consul-seeds-old", "cluster_id": "1"}
    checked_inputs({}, props(consul) | in_cluster("consul-seeds", "") | {"cluster_id": "1"})
    checked_inputs({}, props(three, a="1") | in_cluster("consul-seeds", "a") | {"cluster_id": "2"})

    KvEntriesProvider().delete("id", old)

    assert consul.texts == {}


def test_b4_batches_follow_the_limits_of_the_servers(consul: FakeConsul) -> None:
    consul.max_value = consul.max_body = 10_240
    many = {f"k/{number:03}": "x" * 200 for number in range(200)}

    outs = create(consul, **many)

    assert consul.texts == many
    assert checked(outs, props(consul, **(many | {"k/000": "y"}))) == []
    update(consul, outs, **dict.fromkeys(many, "y"))
    assert set(consul.texts.values()) == {"y"}
    KvEntriesProvider().delete("id", outs | {"entries": dict.fromkeys(many, "y")})
    assert consul.texts == {}


def test_b4_a_value_that_is_too_large_alone_is_named_with_the_answer(
    consul: FakeConsul,
) -> None:
    consul.max_value = consul.max_body = 1_000

    with pytest.raises(RefusedError) as caught:
        create(consul, a="1", large="x" * 1_001, z="1")

    assert str(caught.value) == (
        f"key 'large': {consul.addresses[0]} answered PUT /v1/kv/large with 413 Request body(1001 bytes) too large, "
        "max size: 1000 bytes: raise `limits.kv_max_value_size` of the servers, or make the value smaller"
    )
    assert consul.texts == {"a": "1"}


def test_servers_that_lower_their_limits_while_10000_keys_are_written_get_smaller_batches(consul: FakeConsul) -> None:
    def lower() -> None:
        consul.max_value = consul.max_body = 4_096

    for action in [*[lambda: None] * 9, lower]:
        consul.before_write(action)
    many = {f"k/{number:05}": "x" * 64 for number in range(10_000)}

    create(consul, **many)

    assert consul.texts == many
    sizes = [request.size for request in consul.writes()]
    assert sizes[8] > 10_000
    assert min(sizes[10:]) <= 4_096


def test_two_stacks_that_share_a_prefix_change_only_their_own_keys(consul: FakeConsul) -> None:
    """Each stack has a process of its own, and a state that knows only its own keys."""
    one = create(consul, **{"app/one": "1", "app/both": "1"})
    two = create(consul, **{"app/two": "2"})

    one = update(consul, one, **{"app/one": "new"})
    assert KvEntriesProvider().read("id", two).outs == two
    with pytest.raises(RefusedError, match="app/one exists already with another value"):
        update(consul, two, **{"app/two": "2", "app/one": "2"})
    KvEntriesProvider().delete("id", one)

    assert consul.texts == {"app/two": "2"}


@pytest.mark.parametrize("fault", [Fault.NO_LEADER, Fault.FORBIDDEN, Fault.DENIED], ids=str)
def test_a5_what_could_not_be_read_is_said(consul: FakeConsul, fault: Fault, warned: list[str]) -> None:
    outs = create(consul, a="1")
    consul.write("a", "by hand")
    consul.fail(fault, times=float("inf"))

    assert KvEntriesProvider().read("id", outs).outs == outs
    assert warned[0].startswith("KV entries of seeds could not be read and may have changed: ")


def test_a5_keys_that_the_token_may_not_read_are_not_missing(consul: FakeConsul, warned: list[str]) -> None:
    outs = create(consul, **{f"app/{number}": "1" for number in range(200)})
    consul.keys.clear()
    consul.filtered = True

    assert KvEntriesProvider().read("id", outs).outs == outs
    assert "hides keys below 'app/': the token lacks key:read" in warned[0]


@pytest.mark.parametrize("more", [{}, {"flag/x": "1"}], ids=["beside others", "and it is a first part as well"])
def test_a_key_without_a_slash_is_read_and_not_what_starts_with_it(
    consul: FakeConsul, warned: list[str], more: dict[str, str]
) -> None:
    consul.write("flags/a", "theirs")
    consul.hidden = {"flags/a"}
    entries = {f"app/{number}": "1" for number in range(200)} | {"flag": "1"} | more

    outs = create(consul, **entries)
    found = KvEntriesProvider().read("id", outs).outs

    assert found == outs
    assert consul.texts == {**entries, "flags/a": "theirs"}
    assert warned == []


def test_a_key_that_a_transaction_hides_is_not_missing(consul: FakeConsul, warned: list[str]) -> None:
    outs = create(consul, **{"app/name": "web"})
    consul.hidden = {"app/name"}

    assert KvEntriesProvider().read("id", outs).outs == outs
    assert "hides the key 'app/name': the token lacks key:read" in warned[0]


def test_a5_conflicts_that_could_not_be_looked_for_are_said(consul: FakeConsul, warned: list[str]) -> None:
    outs = create(consul, a="1")
    consul.fail(Fault.DENIED, times=float("inf"))

    assert KvEntriesProvider().check(outs, props(consul, a="2")).failures == []
    assert warned[0].startswith("KV entries of seeds could not be read")


def test_b8_in_another_store_every_key_is_written_again(consul: FakeConsul) -> None:
    outs = create(consul, a="1", b="2") | {"store": "uid of the first"}
    consul.keys.clear()
    news = props(consul, a="1", b="3") | {"store": "uid of the second", "on_conflict": "fail"}

    assert KvEntriesProvider().diff("id", outs, outs | {"store": "uid of the second"}).changes is True
    KvEntriesProvider().update("id", outs, news)

    assert consul.texts == {"a": "1", "b": "3"}


def test_b8_keys_that_another_store_has_stay_our_own(consul: FakeConsul) -> None:
    outs = create(consul, a="1", b="2") | {"store": "uid of the first"}
    news = props(consul, a="9") | {"store": "uid of the second", "on_conflict": "fail", "baseline": 10_000.0}

    KvEntriesProvider().update("id", outs, news)

    assert consul.texts == {"a": "9"}


def test_b8_a_state_without_a_store_is_not_changed_by_one(consul: FakeConsul) -> None:
    outs = create(consul, a="1")

    assert KvEntriesProvider().diff("id", outs, outs | {"store": "uid"}).changes is False

"""The KV provider against the in-process fake, as the engine would call it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as some
from pulumi.runtime.rpc import UNKNOWN

from components.live import kv
from components.live.api import RefusedError, UnreachableError
from components.live.kv import KvProvider
from tests.live.fake_consul import FakeConsul, Fault

pytestmark = pytest.mark.usefixtures("hurried")

WRITES = ("/v1/txn", "/v1/kv/")


def props(consul: FakeConsul, **entries: str) -> dict[str, Any]:
    return {"addresses": consul.addresses, "entries": entries, "revision": 1}


def create(consul: FakeConsul, **entries: str) -> dict[str, Any]:
    outs: dict[str, Any] = KvProvider().create(props(consul, **entries)).outs
    return outs


def update(consul: FakeConsul, olds: dict[str, Any], **entries: str) -> dict[str, Any]:
    outs: dict[str, Any] = KvProvider().update("id", olds, props(consul, **entries)).outs
    return outs


def test_inputs_pass_as_they_are() -> None:
    news = {"addresses": UNKNOWN, "entries": {"a": "1"}, "revision": 1}

    result = KvProvider().check({}, news)

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
def test_a_difference_is_an_update_in_place_and_an_unknown_address_may_be_one(
    change: dict[str, Any], changes: bool
) -> None:
    olds = {"addresses": ["http://one"], "entries": {"a": "1"}, "revision": 1.0}

    result = KvProvider().diff("id", olds, olds | change)

    assert result.changes is changes
    assert not result.replaces


def test_creating_writes_every_entry_and_tells_all_of_it(consul: FakeConsul) -> None:
    first, second = (KvProvider().create(props(consul, a="1", b="")) for _ in range(2))

    assert consul.texts == {"a": "1", "b": ""}
    assert first.outs == props(consul, a="1", b="")
    assert first.id != second.id


def test_creating_takes_over_what_is_there_already(consul: FakeConsul) -> None:
    consul.write("a", "1")

    create(consul, a="1")

    assert consul.writes() == []


def test_creating_nothing_writes_nothing(consul: FakeConsul) -> None:
    assert create(consul) == props(consul)
    assert consul.writes() == []


def test_creating_waits_for_the_leader_before_it_reads(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, "/v1/status", times=2)

    create(consul, a="1")

    assert [asked.path for asked in consul.asked] == ["/v1/status/leader"] * 3 + ["/v1/kv/a", "/v1/txn"]


def test_updating_writes_what_changed_and_deletes_what_is_not_wanted(consul: FakeConsul) -> None:
    olds = create(consul, same="1", changed="1", gone="1")
    index = consul.keys["same"].index

    outs = update(consul, olds, same="1", changed="2", new="1")

    assert consul.texts == {"same": "1", "changed": "2", "new": "1"}
    assert consul.keys["same"].index == index
    assert outs == props(consul, same="1", changed="2", new="1")


def test_updating_reaches_the_cluster_at_its_new_addresses(three: FakeConsul) -> None:
    olds = create(three, a="1") | {"addresses": ["http://127.0.0.1:1"]}

    update(three, olds, a="2")

    assert three.texts == {"a": "2"}


def test_deleting_takes_what_was_written_here_and_nothing_else(consul: FakeConsul) -> None:
    outs = create(consul, **{"mine": "1", "app/mine": "1", "taken": "1"})
    consul.write("taken", "theirs")
    consul.write("app/theirs", "x")

    KvProvider().delete("id", outs)

    assert consul.texts == {"taken": "theirs", "app/theirs": "x"}


def test_deleting_twice_is_deleting_once(consul: FakeConsul) -> None:
    outs = create(consul, a="1")

    KvProvider().delete("id", outs)
    KvProvider().delete("id", outs)

    assert consul.texts == {}


def test_reading_tells_what_is_there_now_as_inputs_and_as_outputs(consul: FakeConsul) -> None:
    outs = create(consul, same="1", changed="1", gone="1")
    consul.write("changed", "theirs")
    consul.write("foreign", "x")
    del consul.keys["gone"]

    result = KvProvider().read("id", outs)

    assert result.id == "id"
    assert result.outs == result.inputs == props(consul, same="1", changed="theirs")
    assert KvProvider().diff("id", result.outs, outs).changes is True


def test_reading_an_unreachable_cluster_changes_nothing(consul: FakeConsul) -> None:
    outs = create(consul, a="1")
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    result = KvProvider().read("id", outs)

    assert (result.id, result.outs, result.inputs) == ("id", outs, outs)


def test_reading_a_value_that_is_no_text_shows_a_difference(consul: FakeConsul) -> None:
    outs = create(consul, a="1")
    consul.write("a", b"\xff")

    assert KvProvider().read("id", outs).outs["entries"] == {"a": "\ufffd"}


def test_drift_that_was_read_is_undone_by_the_next_update(consul: FakeConsul) -> None:
    outs = create(consul, changed="1", gone="1")
    consul.write("changed", "theirs")
    del consul.keys["gone"]

    update(consul, KvProvider().read("id", outs).outs, changed="1", gone="1")

    assert consul.texts == {"changed": "1", "gone": "1"}


@pytest.mark.parametrize("act", [create, lambda consul, **new: update(consul, props(consul), **new)])
def test_a_foreign_value_is_reported_and_nothing_is_written(consul: FakeConsul, act: Callable[..., Any]) -> None:
    consul.write("b", "theirs")

    with pytest.raises(RefusedError) as caught:
        act(consul, a="1", b="1")

    assert str(caught.value) == "other hands gave another value to b: nothing was written"
    assert consul.texts == {"b": "theirs"}


def test_a_value_that_others_changed_is_not_overwritten(consul: FakeConsul) -> None:
    olds = create(consul, a="1")
    consul.write("a", "theirs")

    with pytest.raises(RefusedError, match="other hands gave another value to a"):
        update(consul, olds, a="2")

    assert consul.texts == {"a": "theirs"}


def test_many_conflicts_are_told_as_twenty(consul: FakeConsul) -> None:
    entries = {f"k{number:02}": "1" for number in range(25)}
    for key in entries:
        consul.write(key, "theirs")

    with pytest.raises(RefusedError) as caught:
        create(consul, **entries)

    assert str(caught.value) == (
        f"other hands gave another value to {', '.join(sorted(entries)[:20])}: nothing was written"
    )


def test_a_foreign_write_in_between_is_seen_and_not_overwritten(consul: FakeConsul) -> None:
    consul.before_write(lambda: consul.write("a", "theirs"))

    with pytest.raises(RefusedError, match="other hands gave another value to a"):
        create(consul, a="1", b="1")

    assert consul.texts == {"a": "theirs"}


def test_a_foreign_deletion_in_between_is_made_good(consul: FakeConsul) -> None:
    olds = create(consul, a="1")
    consul.before_write(lambda: consul.keys.pop("a") and None)

    update(consul, olds, a="2")

    assert consul.texts == {"a": "2"}


def test_keys_that_never_hold_still_are_given_up(consul: FakeConsul) -> None:
    olds = create(consul, a="1")
    for _ in range(kv.ROUNDS):
        consul.before_write(lambda: consul.write("a", "1"))
    before = len(consul.writes())

    with pytest.raises(RefusedError) as caught:
        update(consul, olds, a="2")

    assert str(caught.value) == "keys kept changing through 5 rounds of writes"
    assert len(consul.writes()) - before == 5


def test_bug_a_conflict_after_the_first_batch_does_not_claim_that_nothing_was_written(consul: FakeConsul) -> None:
    entries = {f"k{number:03}": "1" for number in range(129)}
    consul.before_write(lambda: None)
    consul.before_write(lambda: consul.write("k128", "theirs"))

    with pytest.raises(RefusedError, match="other hands gave another value to k128") as caught:
        create(consul, **entries)

    assert len(consul.texts) == 129
    assert "nothing was written" not in str(caught.value)


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.RESET, Fault.NO_LEADER, Fault.BUSY])
def test_a_write_whose_answer_is_lost_is_done_once_and_believed(three: FakeConsul, fault: Fault) -> None:
    for path in WRITES:
        three.fail(fault, path, method="PUT")

    create(three, a="1", big="x" * 400_000)

    assert three.texts == {"a": "1", "big": "x" * 400_000}


def test_a_deletion_whose_answer_is_lost_is_believed(three: FakeConsul) -> None:
    outs = create(three, a="1")
    three.fail(Fault.LOST_ANSWER, "/v1/txn")

    KvProvider().delete("id", outs)

    assert three.texts == {}


@pytest.mark.parametrize(
    "act",
    [
        lambda consul: create(consul, a="1"),
        lambda consul: update(consul, props(consul, a="1"), a="2"),
        lambda consul: KvProvider().delete("id", props(consul, a="1")),
    ],
    ids=["create", "update", "delete"],
)
def test_an_unreachable_cluster_is_a_failure_and_never_success(
    consul: FakeConsul, act: Callable[[FakeConsul], Any]
) -> None:
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    with pytest.raises(UnreachableError):
        act(consul)


def test_an_interrupted_seeding_goes_on_where_it_stopped(consul: FakeConsul) -> None:
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


def test_values_that_fit_no_transaction_are_written_by_themselves(consul: FakeConsul) -> None:
    large = "x" * 524_288

    create(consul, small="1", large=large)
    outs = update(consul, props(consul, small="1", large=large), small="1", large="y" * 524_288)
    written = [(asked.path, "cas" in asked.query) for asked in consul.writes()]
    KvProvider().delete("id", outs)

    assert written == [("/v1/txn", False), ("/v1/kv/large", True), ("/v1/kv/large", True)]
    assert consul.texts == {}


def test_a_large_value_of_others_is_not_overwritten(consul: FakeConsul) -> None:
    consul.before_write(lambda: consul.write("large", "theirs"))

    with pytest.raises(RefusedError, match="other hands gave another value to large"):
        create(consul, large="x" * 524_288)

    assert consul.texts == {"large": "theirs"}


def test_a_thousand_entries_take_a_few_transactions_and_one_read(consul: FakeConsul) -> None:
    create(consul, **{f"app/{number}": "v" for number in range(1000)})

    assert len(consul.texts) == 1000
    assert [asked.path for asked in consul.asked] == ["/v1/status/leader", "/v1/kv/app"] + ["/v1/txn"] * 8


@pytest.mark.parametrize(("tops", "reads"), [(16, 16), (17, 1)])
def test_many_top_level_keys_are_read_at_once(consul: FakeConsul, tops: int, reads: int) -> None:
    create(consul, **{f"k{number}/x": "v" for number in range(tops)})

    assert len([asked for asked in consul.asked if asked.path.startswith("/v1/kv/")]) == reads


STEPS = some.dictionaries(some.sampled_from(["a", "b", "c/d"]), some.sampled_from(["1", "2"]))


@trials(max_examples=15)
@given(STEPS, STEPS)
def test_any_two_updates_end_with_what_was_wanted_last(first: dict[str, str], second: dict[str, str]) -> None:
    with FakeConsul() as consul:
        consul.write("foreign", "x")

        update(consul, create(consul, **first), **second)

        assert consul.texts == {"foreign": "x", **second}

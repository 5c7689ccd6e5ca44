"""The checker accepts histories that are linearizable and rejects others, also with answers missing."""

from typing import Any

import pytest

from tests.chaos.history import Operation, bounded, linearizable


def read(call: int, output: str, **more: Any) -> Operation:
    return {"Client": 1, "Key": "k", "Kind": "read", "Output": output, "Call": call, "Return": call + 5, **more}


def write(call: int, new: str, **more: Any) -> Operation:
    return {"Client": 2, "Key": "k", "Kind": "write", "New": new, "Call": call, "Return": call + 5, **more}


def cas(call: int, old: str, new: str, done: bool, **more: Any) -> Operation:
    fields = {"Old": old, "New": new, "Done": done, "Call": call, "Return": call + 5}
    return {"Client": 3, "Key": "k", "Kind": "cas", **fields, **more}


pytestmark = pytest.mark.e2e
LOST = {"Unknown": True}


@pytest.mark.parametrize(
    "history",
    [
        [write(0, "a"), read(10, "a"), cas(20, "a", "b", True), read(30, "b")],
        [write(0, "a"), write(2, "b"), read(3, "a"), read(10, "b")],
        [write(0, "a", **LOST), read(50, ""), read(60, "a")],
        [write(0, "a", **LOST), read(50, "")],
        [write(0, "a"), cas(10, "a", "b", False, **LOST), read(20, "a"), read(30, "b")],
        [write(0, "a"), cas(10, "z", "b", False), read(20, "a")],
        [write(0, "a"), read(10, "", **LOST)],
        [write(0, "a"), write(10, "b", **LOST), cas(20, "a", "c", False)],
        [write(0, "a"), read(8, "a"), cas(10, "a", "b", True, **LOST), cas(20, "a", "c", False)],
        [write(0, "a"), cas(20, "a", "c", False), write(22, "b", **LOST)],
    ],
)
def test_a_linearizable_history_is_accepted(history: list[Operation]) -> None:
    assert linearizable(history)


@pytest.mark.parametrize(
    "history",
    [
        [write(0, "a"), read(10, "")],
        [write(0, "a"), write(10, "b"), read(20, "a")],
        [write(0, "a", **LOST), read(10, "a"), read(20, "")],
        [write(0, "a"), cas(10, "z", "b", True), read(20, "b")],
        [read(0, "a"), write(10, "a", **LOST)],
        [write(0, "a"), cas(10, "a", "b", True), cas(20, "a", "c", True)],
        [write(0, "a"), cas(20, "a", "c", False), write(30, "b", **LOST)],
        [write(0, "a"), cas(20, "a", "c", False), read(30, "a"), write(10, "b", **LOST)],
    ],
)
def test_a_history_that_is_not_linearizable_is_rejected(history: list[Operation]) -> None:
    assert not linearizable(history)


def test_a_write_that_nobody_read_is_left_out_unless_it_may_have_failed_a_compare_and_set() -> None:
    early, late = write(0, "b", **LOST), write(40, "c", **LOST)
    failed = cas(20, "a", "d", False)

    assert bounded([early, failed, late]) == [early, failed]
    assert bounded([write(0, "a", **LOST), cas(0, "", "b", True, **LOST), read(9, "", **LOST)]) == []


def test_a_write_without_an_answer_took_effect_before_it_was_first_seen() -> None:
    kept = bounded([write(0, "a", **LOST), read(30, "a"), read(20, "a")])

    assert kept[0]["Return"] == 25


def test_many_calls_without_an_answer_are_checked_quickly() -> None:
    lost = [write(number, f"lost{number}", **LOST) for number in range(100)]

    assert linearizable([*lost, *(read(300 + number, f"lost{number}") for number in range(0, 100, 10))])

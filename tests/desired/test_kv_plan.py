import base64
import json

from hypothesis import given
from hypothesis import strategies as some

from components.desired.kv_plan import MAX_BODY, MAX_OPERATIONS, Operation, Plan, Stored, plan, too_large, transactions

KEYS = some.sampled_from(["a", "b", "c/d", "e/"])
ENTRIES = some.dictionaries(KEYS, some.sampled_from(["", "1", "2", "3"]))


def stored(**texts: str) -> dict[str, Stored]:
    return {key: Stored(text.encode(), 10 + number) for number, (key, text) in enumerate(texts.items())}


def applied(steps: Plan, live: dict[str, str]) -> dict[str, str]:
    """A store model: what is there after all transactions, each write and deletion with its index honoured."""
    present = dict(live)
    indexes = {key: found.index for key, found in stored(**live).items()}
    for batch in transactions(steps):
        for operation in (element["KV"] for element in batch):
            assert operation["Index"] == indexes.get(operation["Key"], 0)
            if operation["Verb"] == "cas":
                present[operation["Key"]] = base64.b64decode(operation["Value"]).decode()
            else:
                assert operation["Verb"] == "delete-cas"
                del present[operation["Key"]]
    return present


def body(batch: list[Operation]) -> str:
    return json.dumps(batch, separators=(",", ":"))


def test_a_new_key_is_written_only_if_it_does_not_exist_yet() -> None:
    assert plan({}, {"a": "1"}, {}) == Plan({"a": (b"1", 0)}, {}, ())


def test_a_changed_key_is_written_only_if_it_is_still_as_it_was_read() -> None:
    assert plan({"a": "1"}, {"a": "2"}, stored(a="1")) == Plan({"a": (b"2", 10)}, {}, ())


def test_a_key_that_is_no_longer_wanted_goes_only_if_it_is_still_as_it_was_read() -> None:
    assert plan({"a": "1"}, {}, stored(a="1")) == Plan({}, {"a": 10}, ())


def test_a_key_that_somebody_else_changed_stays_when_it_is_no_longer_wanted() -> None:
    assert plan({"a": "1"}, {}, stored(a="theirs")) == Plan({}, {}, ())


def test_a_key_that_already_holds_its_value_needs_nothing_whoever_wrote_it() -> None:
    assert plan({}, {"a": "1"}, stored(a="1")) == Plan({}, {}, ())


def test_a_foreign_value_under_a_wanted_key_is_a_conflict() -> None:
    assert plan({}, {"a": "1"}, stored(a="theirs")) == Plan({}, {}, ("a",))
    assert plan({"a": "1"}, {"a": "2"}, stored(a="theirs")) == Plan({}, {}, ("a",))


def test_a_key_that_vanished_is_written_again() -> None:
    assert plan({"a": "1"}, {"a": "1"}, {}) == Plan({"a": (b"1", 0)}, {}, ())


@given(ENTRIES, ENTRIES, ENTRIES)
def test_carrying_out_a_plan_gives_what_is_wanted_and_leaves_what_is_foreign(
    owned: dict[str, str], wanted: dict[str, str], live: dict[str, str]
) -> None:
    steps = plan(owned, wanted, stored(**live))

    after = applied(steps, live)

    foreign = {key: text for key, text in live.items() if key not in wanted and owned.get(key) != text}
    conflicting = {key: live[key] for key in steps.conflicts}
    assert after == foreign | wanted | conflicting
    assert all(text not in (wanted[key], owned.get(key)) for key, text in conflicting.items())


@given(ENTRIES, ENTRIES, ENTRIES)
def test_a_plan_that_is_carried_out_leaves_nothing_to_do(
    owned: dict[str, str], wanted: dict[str, str], live: dict[str, str]
) -> None:
    steps = plan(owned, wanted, stored(**live))

    again = plan(owned, wanted, stored(**applied(steps, live)))

    assert again == Plan({}, {}, steps.conflicts)


# Sizes around the limits: of the number of operations, and of the bytes of one body.
WRITES = some.dictionaries(
    some.text(min_size=1, max_size=8),
    some.tuples(some.sampled_from([0, 1, 1000, 200_000, 393_000, 524_288]).map(bytes), some.integers(0, 10**9)),
    max_size=12,
)


@given(WRITES, some.integers(0, 300))
def test_transactions_respect_both_limits_and_lose_nothing(
    writes: dict[str, tuple[bytes, int]], deletions: int
) -> None:
    steps = Plan(writes, {f"gone/{number}": number for number in range(deletions)}, ())

    batches = list(transactions(steps))

    assert [element["KV"]["Key"] for batch in batches for element in batch] == [*steps.writes, *steps.deletions]
    for batch in batches:
        assert 1 <= len(batch) <= MAX_OPERATIONS
        assert len(body(batch)) <= MAX_BODY or (len(batch) == 1 and too_large(batch[0]))


def test_a_full_transaction_holds_128_operations_and_the_next_one_the_rest() -> None:
    steps = Plan({f"k{number}": (b"v", 0) for number in range(200)}, {f"d{number}": 1 for number in range(57)}, ())

    assert [len(batch) for batch in transactions(steps)] == [128, 128, 1]


def test_writes_come_before_deletions() -> None:
    steps = Plan({"new": (b"v", 0)}, {"old": 7}, ())

    assert list(transactions(steps)) == [
        [
            {"KV": {"Verb": "cas", "Key": "new", "Value": "dg==", "Index": 0}},
            {"KV": {"Verb": "delete-cas", "Key": "old", "Index": 7}},
        ]
    ]


def test_a_plan_without_steps_makes_no_transaction() -> None:
    assert list(transactions(Plan({}, {}, ("a",)))) == []


def test_an_operation_is_too_large_from_the_first_byte_beyond_a_whole_body() -> None:
    envelope = len(body([{"KV": {"Verb": "cas", "Key": "k", "Value": "", "Index": 0}}]))
    room = (MAX_BODY - envelope) // 4 * 3

    fits, exceeds = (next(iter(transactions(Plan({"k": (bytes(size), 0)}, {}, ()))))[0] for size in (room, room + 1))

    assert not too_large(fits)
    assert too_large(exceeds)


def test_the_limits_are_those_of_consul() -> None:
    assert (MAX_OPERATIONS, MAX_BODY) == (128, 524288)

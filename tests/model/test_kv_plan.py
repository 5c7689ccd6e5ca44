import base64
import json

import pytest
from consul_on_pulumi.model.kv_plan import (
    MAX_BODY,
    MAX_OPERATIONS,
    Conflict,
    OnConflict,
    Operation,
    Plan,
    Rule,
    Stored,
    plan,
    too_large,
    transactions,
)
from consul_on_pulumi.model.seed import Seed, Seeds
from hypothesis import given
from hypothesis import strategies as some

KEYS = some.sampled_from(["a", "b", "c/d", "e/"])
SEEDS = some.builds(Seed, some.sampled_from([b"", b"1", b"2", b"\xff"]), some.sampled_from([0, 7]))
ENTRIES = some.dictionaries(KEYS, SEEDS)
ADOPT, FAIL, OVERWRITE = (Rule(on_conflict=word) for word in (OnConflict.ADOPT, OnConflict.FAIL, OnConflict.OVERWRITE))
RULES = some.builds(
    Rule,
    on_conflict=some.sampled_from(OnConflict),
    keep_edits=some.booleans(),
    baseline=some.none() | some.integers(0, 15),
)
ONE, TWO, THEIRS = Seed(b"1"), Seed(b"2"), Seed(b"theirs")


def stored(**seeds: Seed) -> dict[str, Stored]:
    """Entries with ModifyIndex 10, 11, … and CreateIndex 5, 6, and so on."""
    return {key: Stored(seed, 10 + number, 5 + number) for number, (key, seed) in enumerate(seeds.items())}


def applied(steps: Plan, live: Seeds) -> Seeds:
    """A model of the store: the entries after all transactions. It checks the index of each write and deletion."""
    present = dict(live)
    indexes = {key: found.index for key, found in stored(**live).items()}
    for batch in transactions(steps):
        for operation in (element["KV"] for element in batch):
            assert operation["Index"] == indexes.get(operation["Key"], 0)
            if operation["Verb"] == "cas":
                present[operation["Key"]] = Seed(base64.b64decode(operation["Value"]), operation["Flags"])
            else:
                assert operation["Verb"] == "delete-cas"
                del present[operation["Key"]]
    return present


def body(batch: list[Operation]) -> str:
    return json.dumps(batch, separators=(",", ":"))


def conflicts(found: Plan) -> dict[str, Conflict]:
    """The conflicts of a plan that does nothing else."""
    assert (found.writes, found.deletions) == ({}, {})
    return dict(found.conflicts)


def test_a_new_key_is_written_only_if_it_does_not_exist_yet() -> None:
    assert plan({}, {"a": ONE}, {}, FAIL) == Plan(writes={"a": (ONE, 0)})


@pytest.mark.parametrize("rule", [FAIL, ADOPT, OVERWRITE])
def test_a_changed_key_is_written_only_if_it_did_not_change_in_the_store(rule: Rule) -> None:
    assert plan({"a": ONE}, {"a": TWO}, stored(a=ONE), rule) == Plan(writes={"a": (TWO, 10)})


def test_other_flags_are_another_entry() -> None:
    flagged = Seed(b"1", 42)

    assert plan({"a": ONE}, {"a": flagged}, stored(a=ONE), FAIL) == Plan(writes={"a": (flagged, 10)})
    assert conflicts(plan({}, {"a": ONE}, stored(a=flagged), ADOPT)) == {"a": Conflict.DIFFERS}


def test_a_key_that_is_no_longer_wanted_is_deleted_only_if_it_did_not_change() -> None:
    assert plan({"a": ONE}, {}, stored(a=ONE), FAIL) == Plan(deletions={"a": 10})


@pytest.mark.parametrize("rule", [FAIL, ADOPT, OVERWRITE])
def test_a_key_that_another_program_changed_is_not_deleted(rule: Rule) -> None:
    assert plan({"a": ONE}, {}, stored(a=THEIRS), rule) == Plan()


@pytest.mark.parametrize("rule", [FAIL, ADOPT, OVERWRITE])
def test_a_key_that_another_program_changed_is_never_overwritten(rule: Rule) -> None:
    assert conflicts(plan({"a": ONE}, {"a": TWO}, stored(a=THEIRS), rule)) == {"a": Conflict.CHANGED}


def test_a_key_that_has_the_wanted_value_is_not_written() -> None:
    assert plan({"a": ONE}, {"a": TWO}, stored(a=TWO), FAIL) == Plan()


def test_a_missing_key_is_written_again() -> None:
    assert plan({"a": ONE}, {"a": ONE}, {}, FAIL) == Plan(writes={"a": (ONE, 0)})


def test_fail_refuses_every_existing_key() -> None:
    assert conflicts(plan({}, {"a": ONE, "b": ONE}, stored(a=ONE, b=THEIRS), FAIL)) == {
        "a": Conflict.EXISTS,
        "b": Conflict.DIFFERS,
    }


@pytest.mark.parametrize(("baseline", "conflict"), [(4, {}), (5, {"a": Conflict.EXISTS})])
def test_a_key_created_after_the_baseline_with_the_wanted_value_is_no_conflict(
    baseline: int, conflict: dict[str, Conflict]
) -> None:
    rule = Rule(on_conflict=OnConflict.FAIL, baseline=baseline)

    assert conflicts(plan({}, {"a": ONE}, stored(a=ONE), rule)) == conflict
    assert conflicts(plan({}, {"a": ONE}, stored(a=THEIRS), rule)) == {"a": Conflict.DIFFERS}


def test_adopt_takes_over_only_the_same_value() -> None:
    assert conflicts(plan({}, {"a": ONE, "b": ONE}, stored(a=ONE, b=THEIRS), ADOPT)) == {"b": Conflict.DIFFERS}


def test_overwrite_takes_over_any_value_that_did_not_change_in_between() -> None:
    assert plan({}, {"a": ONE, "b": ONE}, stored(a=ONE, b=THEIRS), OVERWRITE) == Plan(writes={"b": (ONE, 11)})


def test_with_keep_edits_changes_of_other_programs_are_neither_undone_nor_refused() -> None:
    rule = Rule(keep_edits=True)
    owned = {"edited": ONE, "deleted": ONE, "untouched": ONE}
    wanted = dict.fromkeys(owned, TWO) | {"new": TWO}

    steps = plan(owned, wanted, stored(edited=THEIRS, untouched=ONE), rule)

    assert steps == Plan(writes={"untouched": (TWO, 11), "new": (TWO, 0)})


@given(ENTRIES, ENTRIES, ENTRIES, RULES)
def test_applying_a_plan_gives_the_wanted_entries_and_changes_no_others(
    owned: Seeds, wanted: Seeds, live: Seeds, rule: Rule
) -> None:
    steps = plan(owned, wanted, stored(**live), rule)

    after = applied(steps, live)

    for key in live.keys() | wanted.keys():
        before, now = live.get(key), after.get(key)
        refused = key in steps.conflicts
        foreign = key not in wanted and owned.get(key) != before
        kept = rule.keep_edits and key in owned and before not in (owned[key], wanted.get(key))
        assert now == (before if refused or foreign or kept else wanted.get(key))


@given(ENTRIES, ENTRIES, ENTRIES, RULES)
def test_no_key_of_another_program_changes_without_overwrite(
    owned: Seeds, wanted: Seeds, live: Seeds, rule: Rule
) -> None:
    after = applied(plan(owned, wanted, stored(**live), rule), live)

    for key, seed in live.items():
        foreign = owned.get(key) != seed
        taken = rule.on_conflict is OnConflict.OVERWRITE and key not in owned and key in wanted
        assert not foreign or taken or after[key] == seed


@given(ENTRIES, ENTRIES, ENTRIES, RULES)
def test_after_applying_a_plan_a_second_one_is_empty(owned: Seeds, wanted: Seeds, live: Seeds, rule: Rule) -> None:
    steps = plan(owned, wanted, stored(**live), rule)
    after = applied(steps, live)
    # Keys that were created after the baseline count as written by this set.
    late = {key: Stored(seed, 100, 100) for key, seed in after.items()}

    again = plan(owned, wanted, late, Rule(on_conflict=rule.on_conflict, keep_edits=rule.keep_edits, baseline=50))

    assert (again.writes, again.deletions) == ({}, {})
    assert again.conflicts.keys() <= steps.conflicts.keys()


# Sizes around the limits: of the number of operations, and of the bytes of one body.
WRITES = some.dictionaries(
    some.text(min_size=1, max_size=8),
    some.tuples(
        some.sampled_from([0, 1, 1000, 200_000, 393_000, 524_288]).map(lambda size: Seed(bytes(size), 2**64 - 1)),
        some.integers(0, 10**9),
    ),
    max_size=12,
)


@given(WRITES, some.integers(0, 300))
def test_transactions_respect_both_limits_and_have_every_operation(
    writes: dict[str, tuple[Seed, int]], deletions: int
) -> None:
    steps = Plan(writes, {f"gone/{number}": number for number in range(deletions)})

    batches = list(transactions(steps))

    assert [element["KV"]["Key"] for batch in batches for element in batch] == [*steps.writes, *steps.deletions]
    for batch in batches:
        assert 1 <= len(batch) <= MAX_OPERATIONS
        assert len(body(batch)) <= MAX_BODY or (len(batch) == 1 and too_large(batch[0]))


def test_a_full_transaction_has_128_operations_and_the_next_one_the_rest() -> None:
    steps = Plan({f"k{number}": (Seed(b"v"), 0) for number in range(200)}, {f"d{number}": 1 for number in range(57)})

    assert [len(batch) for batch in transactions(steps)] == [128, 128, 1]


def test_writes_come_before_deletions() -> None:
    steps = Plan({"new": (Seed(b"v"), 0)}, {"old": 7})

    assert list(transactions(steps)) == [
        [
            {"KV": {"Verb": "cas", "Key": "new", "Value": "dg==", "Flags": 0, "Index": 0}},
            {"KV": {"Verb": "delete-cas", "Key": "old", "Index": 7}},
        ]
    ]


def test_an_empty_plan_has_no_transaction() -> None:
    assert list(transactions(Plan(conflicts={"a": Conflict.EXISTS}))) == []


def test_an_operation_is_too_large_if_it_exceeds_a_body_by_one_byte() -> None:
    envelope = len(body([{"KV": {"Verb": "cas", "Key": "k", "Value": "", "Flags": 0, "Index": 0}}]))
    room = (MAX_BODY - envelope) // 4 * 3

    fits, exceeds = (next(iter(transactions(Plan({"k": (Seed(bytes(size)), 0)}))))[0] for size in (room, room + 1))

    assert not too_large(fits)
    assert too_large(exceeds)


def test_the_limits_are_those_of_consul() -> None:
    assert (MAX_OPERATIONS, MAX_BODY) == (128, 524288)

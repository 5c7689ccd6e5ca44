"""Plans the writes and deletions of one set of KV entries, so that values of other programs are not changed."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from consul_on_pulumi.model.seed import Seed, Seeds

MAX_OPERATIONS = 128
"""The most operations in one transaction, fixed in Consul since 1.14 (agent/txn_endpoint.go)."""
MAX_BODY = 512 * 1024
"""The most bytes in the body of one transaction, in JSON with base64 values (`limits.txn_max_req_len`)."""

Operation = dict[str, Any]
"""One element of the body of `PUT /v1/txn`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as the store has it."""

    seed: Seed
    index: int
    """The key's ModifyIndex: a write with it fails if the key changed in between."""
    created: int
    """The key's CreateIndex."""


class OnConflict(Enum):
    """What to do about a key that exists before this set first writes it; the values are those of the settings."""

    FAIL = "fail"
    """Refuse it, whatever its value is."""
    ADOPT = "adopt"
    """Take it over if it has the wanted value, else refuse it."""
    OVERWRITE = "overwrite"
    """Take it over, whatever its value is."""


class Conflict(Enum):
    """Why a key is not written; the values say what to do."""

    EXISTS = (
        "exists already: remove it, leave it out here, or take it over with on_conflict: adopt, also from another set "
        "of this cluster, which then leaves it alone"
    )
    DIFFERS = "exists already with another value: remove it, leave it out here, or set on_conflict: overwrite"
    CHANGED = "was changed by another program: run `pulumi refresh` to see how, and `pulumi up` again to undo that"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one set treats keys that other programs wrote or changed."""

    on_conflict: OnConflict = OnConflict.ADOPT
    keep_edits: bool = False
    """Whether to leave keys alone after another program changed or deleted them."""
    baseline: int | None = None
    """Raft index of the store before this set first wrote its keys. A key that was created later and has the wanted
    value comes from an interrupted run of this set, so it is no conflict."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The writes and deletions to do, and the keys that have a conflict."""

    writes: Mapping[str, tuple[Seed, int]] = field(default_factory=dict)
    """Key to its new entry and the ModifyIndex that it must still have; 0 means that the key must not exist."""
    deletions: Mapping[str, int] = field(default_factory=dict)
    """Key to the ModifyIndex that it must still have."""
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)


def differing(seeds: Seeds, others: Seeds) -> Seeds:
    """The entries of `seeds` that are missing or different in `others`."""
    return {key: seed for key, seed in seeds.items() if others.get(key) != seed}


def plan(owned: Seeds, wanted: Seeds, existing: Mapping[str, Stored], rule: Rule) -> Plan:
    """Compare the entries that this set wrote before (`owned`), the `wanted` and the `existing` ones.

    A key that is no longer wanted is deleted only if it still has the value that this set wrote.
    """
    writes: dict[str, tuple[Seed, int]] = {}
    conflicts: dict[str, Conflict] = {}
    for key, seed in wanted.items():
        stored, old = existing.get(key), owned.get(key)
        if stored is None:
            if old is None or not rule.keep_edits:
                writes[key] = (seed, 0)
        elif old is None:
            if conflict := _conflict(stored, seed, rule):
                conflicts[key] = conflict
            elif stored.seed != seed:
                writes[key] = (seed, stored.index)
        elif stored.seed == old != seed:
            writes[key] = (seed, stored.index)
        elif stored.seed != seed and not rule.keep_edits:
            conflicts[key] = Conflict.CHANGED
    deletions = {
        key: existing[key].index
        for key, seed in owned.items()
        if key not in wanted and key in existing and existing[key].seed == seed
    }
    return Plan(writes, deletions, conflicts)


def _conflict(stored: Stored, wanted: Seed, rule: Rule) -> Conflict | None:
    """Why an existing key that this set has not written must not be written, or None."""
    if rule.on_conflict is OnConflict.OVERWRITE:
        return None
    if stored.seed != wanted:
        return Conflict.DIFFERS
    ours = rule.on_conflict is OnConflict.ADOPT or (rule.baseline is not None and stored.created > rule.baseline)
    return None if ours else Conflict.EXISTS


def transactions(steps: Plan) -> Iterator[list[Operation]]:
    """The plan as bodies of `PUT /v1/txn`, as few as possible. Writes come first, so that readers never miss a key."""
    batch: list[Operation] = []
    size = 2
    for operation in _operations(steps):
        length = len(json.dumps(operation, separators=(",", ":"))) + 1
        if batch and (len(batch) == MAX_OPERATIONS or size + length > MAX_BODY):
            yield batch
            batch, size = [], 2
        batch.append(operation)
        size += length
    if batch:
        yield batch


def too_large(operation: Operation) -> bool:
    """Whether this operation is too large for a transaction. A single `PUT /v1/kv` takes larger values."""
    return len(json.dumps(operation, separators=(",", ":"))) + 2 > MAX_BODY


def _operations(steps: Plan) -> Iterator[Operation]:
    for key, (seed, index) in steps.writes.items():
        value = base64.b64encode(seed.value).decode()
        yield {"KV": {"Verb": "cas", "Key": key, "Value": value, "Flags": seed.flags, "Index": index}}
    for key, index in steps.deletions.items():
        yield {"KV": {"Verb": "delete-cas", "Key": key, "Index": index}}

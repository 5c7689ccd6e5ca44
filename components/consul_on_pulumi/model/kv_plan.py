"""Which writes and deletions turn the store into what is wanted, without touching what others wrote."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from consul_on_pulumi.model.seed import Seed, Seeds

MAX_OPERATIONS = 128
"""In one transaction, hard-coded since Consul 1.14 (agent/txn_endpoint.go)."""
MAX_BODY = 512 * 1024
"""Bytes of one transaction as it is sent, JSON and base64 included (`limits.txn_max_req_len`)."""

Operation = dict[str, Any]
"""One element of the body of `PUT /v1/txn`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds under one key."""

    seed: Seed
    index: int
    """The key's ModifyIndex: a write that names it fails if anybody wrote since."""
    created: int
    """The key's CreateIndex."""


class OnConflict(Enum):
    """What to do about a key that exists before this set first writes it; the value is the word of the settings."""

    FAIL = "fail"
    """Refuse it, whatever it holds."""
    ADOPT = "adopt"
    """Take it over if it holds what is wanted, else refuse it."""
    OVERWRITE = "overwrite"
    """Take it over, whatever it holds."""


class Conflict(Enum):
    """Why a key is not written; the value says what to do."""

    EXISTS = "exists already: remove it, leave it out here, or take it over with on_conflict: adopt"
    DIFFERS = "exists already with another value: remove it, leave it out here, or set on_conflict: overwrite"
    CHANGED = "was changed by other hands: run `pulumi refresh` to see how, and `pulumi up` again to undo that"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one set behaves towards others."""

    on_conflict: OnConflict = OnConflict.ADOPT
    keep_edits: bool = False
    """Whether values that others changed or deleted are theirs from then on."""
    baseline: int | None = None
    """Index of the store before this set first wrote its keys. A key that holds what is wanted and came later is of an
    interrupted run of ours, so it is no conflict."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done, and what cannot be done without overwriting somebody."""

    writes: Mapping[str, tuple[Seed, int]] = field(default_factory=dict)
    """Key to what it shall hold and the index it must still have; 0 means that the key must not exist."""
    deletions: Mapping[str, int] = field(default_factory=dict)
    """Key to the index it must still have."""
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)


def differing(seeds: Seeds, others: Seeds) -> Seeds:
    """Those of `seeds` that `others` do not hold alike."""
    return {key: seed for key, seed in seeds.items() if others.get(key) != seed}


def plan(owned: Seeds, wanted: Seeds, live: Mapping[str, Stored], rule: Rule) -> Plan:
    """Compare what was written here before, what is wanted now and what is there.

    A key that is no longer wanted goes only if it still holds what was written here.
    """
    writes: dict[str, tuple[Seed, int]] = {}
    conflicts: dict[str, Conflict] = {}
    for key, seed in wanted.items():
        stored, had = live.get(key), owned.get(key)
        if stored is None:
            if had is None or not rule.keep_edits:
                writes[key] = (seed, 0)
        elif had is None:
            if conflict := _met(stored, seed, rule):
                conflicts[key] = conflict
            elif stored.seed != seed:
                writes[key] = (seed, stored.index)
        elif stored.seed == had != seed:
            writes[key] = (seed, stored.index)
        elif stored.seed != seed and not rule.keep_edits:
            conflicts[key] = Conflict.CHANGED
    deletions = {
        key: live[key].index
        for key, seed in owned.items()
        if key not in wanted and key in live and live[key].seed == seed
    }
    return Plan(writes, deletions, conflicts)


def _met(stored: Stored, wanted: Seed, rule: Rule) -> Conflict | None:
    """What speaks against writing a key that was not written here before, as far as the state tells."""
    if rule.on_conflict is OnConflict.OVERWRITE:
        return None
    if stored.seed != wanted:
        return Conflict.DIFFERS
    ours = rule.on_conflict is OnConflict.ADOPT or (rule.baseline is not None and stored.created > rule.baseline)
    return None if ours else Conflict.EXISTS


def transactions(steps: Plan) -> Iterator[list[Operation]]:
    """The plan as bodies for `PUT /v1/txn`, as few as the limits allow: writes first, so that no reader sees a gap."""
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
    """Whether this operation fits no transaction, though its value may fit a write of its own."""
    return len(json.dumps(operation, separators=(",", ":"))) + 2 > MAX_BODY


def _operations(steps: Plan) -> Iterator[Operation]:
    for key, (seed, index) in steps.writes.items():
        value = base64.b64encode(seed.value).decode()
        yield {"KV": {"Verb": "cas", "Key": key, "Value": value, "Flags": seed.flags, "Index": index}}
    for key, index in steps.deletions.items():
        yield {"KV": {"Verb": "delete-cas", "Key": key, "Index": index}}

"""Which writes and deletions turn the store into what is wanted, without touching what others wrote."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.desired.kv_tree import Entries

MAX_OPERATIONS = 128
"""In one transaction, hard-coded since Consul 1.14 (agent/txn_endpoint.go)."""
MAX_BODY = 512 * 1024
"""Bytes of one transaction as it is sent, JSON and base64 included (`limits.txn_max_req_len`)."""

Operation = dict[str, Any]
"""One element of the body of `PUT /v1/txn`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds under one key."""

    value: bytes
    index: int
    """The key's ModifyIndex: a write that names it fails if anybody wrote since."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done, and what cannot be done without overwriting somebody."""

    writes: Mapping[str, tuple[bytes, int]]
    """Key to new value and the index it must still have; 0 means that the key must not exist."""
    deletions: Mapping[str, int]
    """Key to the index it must still have."""
    conflicts: tuple[str, ...]
    """Keys that hold a value which is neither the wanted one nor the one written here before."""


def plan(owned: Entries, wanted: Entries, live: Mapping[str, Stored]) -> Plan:
    """Compare what was written here before, what is wanted now and what is there.

    A key that already holds its wanted value needs nothing, whoever wrote it; so an interrupted seeding goes on where
    it stopped. A key that is no longer wanted goes only if it still holds what was written here.
    """
    writes: dict[str, tuple[bytes, int]] = {}
    conflicts = []
    for key, text in wanted.items():
        value, stored = text.encode(), live.get(key)
        if stored is None:
            writes[key] = (value, 0)
        elif stored.value != value:
            if key in owned and stored.value == owned[key].encode():
                writes[key] = (value, stored.index)
            else:
                conflicts.append(key)
    deletions = {
        key: live[key].index
        for key, text in owned.items()
        if key not in wanted and key in live and live[key].value == text.encode()
    }
    return Plan(writes, deletions, tuple(conflicts))


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
    for key, (value, index) in steps.writes.items():
        yield {"KV": {"Verb": "cas", "Key": key, "Value": base64.b64encode(value).decode(), "Index": index}}
    for key, index in steps.deletions.items():
        yield {"KV": {"Verb": "delete-cas", "Key": key, "Index": index}}

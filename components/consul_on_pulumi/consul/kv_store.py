"""Carrying out plans on a Consul whose keys others change at the same time."""

import time
from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

from consul_on_pulumi.consul.api import ChangedError, Consul, RefusedError
from consul_on_pulumi.model.kv_plan import (
    MAX_OPERATIONS,
    Conflict,
    Operation,
    Rule,
    Stored,
    differing,
    plan,
    too_large,
    transactions,
)
from consul_on_pulumi.model.seed import Seeds

ROUNDS = 5
"""How often a write is planned anew after somebody else wrote in between."""
MAX_READS = 16
"""Beyond this many top-level keys, one read of the whole store is cheaper."""
QUIET = 5.0
"""Seconds of work without a word."""
TOLD = 20
"""How many keys a message names."""


def converge(consul: Consul, name: str, owned: Seeds, wanted: Seeds, rule: Rule) -> None:
    """Make the store hold `wanted` instead of `owned`. `name` is what a line about progress calls them.

    Raises RefusedError, before anything is written, when keys are in the way, and UnreachableError.
    """
    changed, gone = differing(wanted, owned), differing(owned, wanted)
    outcome = "nothing was written"
    told = time.monotonic()
    for _ in range(ROUNDS):
        steps = plan(gone, changed, live(consul, gone.keys() | changed.keys()), rule)
        if steps.conflicts:
            raise RefusedError(f"{outcome}: {'; '.join(explained(steps.conflicts))}")
        total, done = len(steps.writes) + len(steps.deletions), 0
        try:
            for batch in transactions(steps):
                _send(consul, batch)
                outcome = "other keys were written, these were not"
                done += len(batch)
                if time.monotonic() - told > QUIET:
                    told = time.monotonic()
                    print(f"{name}: {done:,} of {total:,} keys done", flush=True)
            return
        except ChangedError:
            # Somebody else wrote in between, or an earlier try of ours was applied though its answer was lost.
            continue
    raise RefusedError(f"keys kept changing through {ROUNDS} rounds of writes")


def explained(conflicts: Mapping[str, Conflict]) -> list[str]:
    """A line for each kind of conflict, with its keys."""
    return [
        f"{_named([key for key, of in conflicts.items() if of is kind])} {kind.value}"
        for kind in Conflict
        if kind in conflicts.values()
    ]


def live(consul: Consul, keys: Collection[str]) -> dict[str, Stored]:
    """Those of `keys` that exist: a few are asked for one by one, many by what they begin with."""
    if len(keys) <= MAX_OPERATIONS:
        return consul.at(sorted(keys)) if keys else {}
    found: dict[str, Stored] = {}
    for prefix in beginnings(keys):
        found |= consul.keys_below(prefix)
    return {key: found[key] for key in keys if key in found}


def beginnings(keys: Iterable[str]) -> list[str]:
    """A few prefixes under which all of `keys` lie."""
    groups = [list(group) for _, group in groupby(sorted(keys), lambda key: key.split("/")[0])]
    return [_shared(group[0], group[-1]) for group in groups] if len(groups) <= MAX_READS else [""]


def _shared(first: str, last: str) -> str:
    """What two keys begin with, and so all that are between them in order."""
    apart = (number for number, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(apart, min(len(first), len(last)))]


def _send(consul: Consul, batch: list[Operation]) -> None:
    if len(batch) == 1 and too_large(batch[0]):
        entry = batch[0]["KV"]
        consul.put(entry["Key"], b64decode(entry["Value"]), entry["Index"], entry["Flags"])
    else:
        consul.transact(batch)


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - TOLD} more" if len(keys) > TOLD else ""
    return ", ".join(keys[:TOLD]) + more

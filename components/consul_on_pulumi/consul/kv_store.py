"""Writes plans to a KV store that other programs may change at the same time."""

import time
from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from os.path import commonprefix

from consul_on_pulumi.consul.api import ChangedError, Consul, RefusedError, TooLargeError
from consul_on_pulumi.model import kv_plan
from consul_on_pulumi.model.kv_plan import MAX_OPERATIONS, Conflict, Operation, Rule, Stored, differing, too_large
from consul_on_pulumi.model.seed import Seeds

MAX_ROUNDS = 5
"""How often the write is planned again because another program changed a key after it was read."""
MAX_PREFIXES = 16
"""With more top-level keys than this, one read of the whole store is cheaper."""
PROGRESS_INTERVAL = 5.0
"""Seconds between two lines about the progress."""
MAX_NAMED_KEYS = 20
"""How many keys a message names."""


def apply(consul: Consul, name: str, owned: Seeds, wanted: Seeds, rule: Rule) -> None:
    """Replace the `owned` entries in the store with the `wanted` ones. `name` is for lines about the progress.

    Raises RefusedError if keys have conflicts, before anything is written, and UnreachableError.
    """
    changed, removed = differing(wanted, owned), differing(owned, wanted)
    outcome, problem = "nothing was written", ""
    last_line = time.monotonic()
    for _ in range(MAX_ROUNDS):
        steps = kv_plan.plan(removed, changed, read(consul, removed.keys() | changed.keys()), rule)
        if steps.conflicts:
            raise RefusedError(f"{outcome}: {'; '.join(describe(steps.conflicts))}")
        total, done = len(steps.writes) + len(steps.deletions), 0
        try:
            for batch in _sent(consul, kv_plan.transactions(steps)):
                outcome = "other keys were written, these were not"
                done += len(batch)
                if time.monotonic() - last_line > PROGRESS_INTERVAL:
                    last_line = time.monotonic()
                    print(f"{name}: {done:,} of {total:,} keys done", flush=True)
            return
        except ChangedError as error:
            # Another program wrote in between, or Consul did an earlier request whose answer was lost.
            problem = str(error)[:200]
    raise RefusedError(f"other programs wrote in all {MAX_ROUNDS} attempts to write the keys ({problem}): run it again")


def describe(conflicts: Mapping[str, Conflict]) -> list[str]:
    """One line for each kind of conflict, with the keys that have it."""
    return [
        f"{_listed([key for key, of in conflicts.items() if of is kind])} {kind.value}"
        for kind in Conflict
        if kind in conflicts.values()
    ]


def read(consul: Consul, keys: Collection[str]) -> dict[str, Stored]:
    """The entries of those `keys` that exist. Few keys are read one by one, many by their common prefixes."""
    if not keys:
        return {}
    if len(keys) <= MAX_OPERATIONS:
        try:
            return consul.existing(sorted(keys))
        except TooLargeError:
            # The names of the keys are more than the servers accept.
            pass
    found: dict[str, Stored] = {}
    prefixes = common_prefixes(keys)
    if (single := sorted(key for key in keys if "/" not in key)) and prefixes != [""]:
        # The token may read such a key, but not every key that starts with it.
        found = consul.existing(single)
        prefixes = common_prefixes(key for key in keys if "/" in key)
    for prefix in prefixes:
        found |= consul.keys_below(prefix)
    return {key: found[key] for key in keys if key in found}


def common_prefixes(keys: Iterable[str]) -> list[str]:
    """A few prefixes that together cover all `keys`."""
    groups = [list(group) for _, group in groupby(sorted(keys), lambda key: key.split("/")[0])]
    # Keys are compared as text, not as paths.
    return [commonprefix(group) for group in groups] if len(groups) <= MAX_PREFIXES else [""]  # noqa: RUF071


def _sent(consul: Consul, batches: Iterator[list[Operation]]) -> Iterator[list[Operation]]:
    """Do all `batches` and yield each that is done. One with more bytes than the servers accept is halved: their limits
    may be lower than those in the settings, and change at any time."""
    for batch in batches:
        try:
            _send(consul, batch)
            yield batch
        except TooLargeError as error:
            if len(batch) == 1:
                raise RefusedError(f"key {batch[0]['KV']['Key']!r}: {error}") from error
            half = len(batch) // 2
            yield from _sent(consul, iter((batch[:half], batch[half:])))


def _send(consul: Consul, batch: list[Operation]) -> None:
    entry = batch[0]["KV"]
    if len(batch) > 1 or "Value" not in entry:
        return consul.transact(batch)
    if not too_large(batch[0]):
        try:
            return consul.transact(batch)
        except TooLargeError:
            # It may fit without the rest of the transaction.
            pass
    consul.put(entry["Key"], b64decode(entry["Value"]), entry["Index"], entry["Flags"])


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - MAX_NAMED_KEYS} more" if len(keys) > MAX_NAMED_KEYS else ""
    return ", ".join(keys[:MAX_NAMED_KEYS]) + more

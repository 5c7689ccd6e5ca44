"""Seeding: every set of KV entries of a cluster as a resource of its own, so that none waits for or undoes another."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from consul_on_pulumi.model import agent, kv_tree
from consul_on_pulumi.model.kv_plan import OnConflict
from consul_on_pulumi.model.seed import Seeds
from consul_on_pulumi.providers.kv_baseline import KvBaseline
from consul_on_pulumi.providers.kv_entries import KvEntries
from consul_on_pulumi.seeds import sets


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSet:
    """One set, ready to be written."""

    seeds: Seeds
    """By full key."""
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Secret values by full key."""
    on_conflict: OnConflict = OnConflict.FAIL
    keep_edits: bool = False
    retain: bool = False


INLINE = "seeds"
"""The setting of the entries that need no set of their own."""
SETS = "seed_sets"
_read: dict[tuple[Any, ...], tuple[Seeds, list[str]]] = {}
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")


def of(args: Mapping[str, Any], root: Path) -> dict[str, SeedSet]:
    """The sets that the args of a cluster describe, by what follows the cluster's name in theirs.

    `root` is the program's folder, in which the files of the sets lie.
    """
    usual, limit = _usual(args), _max_value(args)
    found = {INLINE: SeedSet(seeds=kv_tree.seeds(args.get(INLINE, {})), on_conflict=usual)}
    for name, described in args.get(SETS, {}).items():
        seeds, _ = _gathered(described, root, name, limit)
        found[f"{INLINE}-{name}"] = SeedSet(
            seeds=seeds,
            secrets=sets.secrets(described),
            on_conflict=OnConflict(described.get("on_conflict", usual.value)),
            keep_edits=described.get("keep_edits", False),
            retain=described.get("retain", False),
        )
    return found


def problems(args: Mapping[str, Any], path: str, root: Path) -> Iterator[str]:
    """What is wrong with the seeds of a cluster, each by itself and all together."""
    keys: dict[str, list[str]] = {}
    limit = _max_value(args)
    if INLINE in args:
        faults = list(kv_tree.problems(args[INLINE], f"{path}.{INLINE}", limit))
        yield from faults
        keys[INLINE] = [] if faults else list(kv_tree.entries(args[INLINE]))
    for name, described in args.get(SETS, {}).items():
        if not _NAME.fullmatch(name):
            yield f"{path}.{SETS}.{name}: expected letters, digits and inner hyphens or underscores as a name"
        seeds, faults = _gathered(described, root, name, limit)
        yield from (f"{path}.{SETS}.{fault}" for fault in faults)
        keys[f"{SETS}.{name}"] = [*seeds, *sets.secrets(described)]
    yield from sets.overlaps(keys, path)


def _usual(args: Mapping[str, Any]) -> OnConflict:
    """What to do about keys that exist already where a set does not say: data that is kept over a `destroy` brings
    them back."""
    kept = any(settings.get("retain_data") for settings in args["platform"].values())
    return OnConflict.ADOPT if kept else OnConflict.FAIL


def _gathered(described: Mapping[str, Any], root: Path, name: str, max_value: int) -> tuple[Seeds, list[str]]:
    """Read once a run, since what was checked is what has to be written, whatever happens to the files meanwhile."""
    secret_keys = sorted(described.get("secrets", {}))
    asked = (json.dumps({**described, "secrets": secret_keys}, sort_keys=True, default=str), root, name, max_value)
    if asked not in _read:
        _read[asked] = sets.gather(described, root, name, max_value)
    return _read[asked]


def _max_value(args: Mapping[str, Any]) -> int:
    """Bytes that the servers take in one value, as their configuration says."""
    servers = agent.merge(args.get("agent_config", {}), args.get("server_config", {}))
    limits = servers.get("limits", {})
    limit = limits.get("kv_max_value_size", kv_tree.MAX_VALUE) if isinstance(limits, Mapping) else kv_tree.MAX_VALUE
    return limit if isinstance(limit, int) else kv_tree.MAX_VALUE


def create(name: str, addresses: pulumi.Input[list[str]], seeded: SeedSet, opts: pulumi.ResourceOptions) -> KvEntries:
    """Register the entries of one set, and what has to be known before they are first written."""
    rule: dict[str, pulumi.Input[str | bool | int]] = {"set": name, "on_conflict": seeded.on_conflict.value}
    if seeded.keep_edits:
        rule["keep_edits"] = True
    keys = seeded.seeds.keys() | seeded.secrets.keys()
    if keys:
        # Whatever the rule, so that another rule (that of kept data, say) neither makes nor removes a resource.
        baseline = KvBaseline(f"{name}-baseline", addresses, keys, opts)
        if seeded.on_conflict is OnConflict.FAIL:
            rule["baseline"] = baseline.index
    own = pulumi.ResourceOptions(retain_on_delete=seeded.retain)
    return KvEntries(name, addresses, seeded.seeds, seeded.secrets, rule, pulumi.ResourceOptions.merge(opts, own))

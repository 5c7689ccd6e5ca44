"""Seeding: each set of KV entries of a cluster is a resource of its own, independent of the others."""

import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pulumi

from consul_on_pulumi.model import agent, kv_tree
from consul_on_pulumi.model.kv_plan import OnConflict
from consul_on_pulumi.model.seed import Seeds
from consul_on_pulumi.outputs import is_output
from consul_on_pulumi.providers import kv_moves
from consul_on_pulumi.providers.kv_baseline import KvBaseline
from consul_on_pulumi.providers.kv_entries import KvEntries
from consul_on_pulumi.providers.provider import Addresses
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.schema.check import is_refused
from consul_on_pulumi.seeds import sets

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class SeedSet:
    """One set, read once: what was checked is written, even if a file changes in between."""

    suffix: str
    """Ends the logical name of its resource."""
    settings: Mapping[str, Any]
    """Those of a SeedSetArgs; none for `seeds`."""
    later: Mapping[str, pulumi.Output[str]]
    """Texts that are known only later, by full key."""
    secrets: Mapping[str, pulumi.Input[str]]
    """Secret values, by full key."""
    seeds: Seeds
    """By full key, without secrets and without those that are known later."""


def read(
    args: Mapping[str, Any], path: str, root: Path, key_problem: Callable[[str], str | None]
) -> tuple[list[str], list[SeedSet]]:
    """The problems of the seeds of a cluster, also of keys that are in two sets; and its sets.

    `root` is the program's folder; `key_problem` says why the servers do not serve a key.
    """
    limit = max_value(args)
    problems = list(kv_tree.problems(sets.without_outputs(args["seeds"]), f"{path}.seeds", limit))
    inline, _ = sets.read({"entries": args["seeds"]}, root, "seeds", limit)
    found = [_seed_set("seeds", {}, inline, sets.later({"entries": args["seeds"]}, f"{path}.seeds", limit), {})]
    keys: dict[str, Collection[str]] = {"seeds": inline}
    for name, settings in args["seed_sets"].items():
        if not _NAME.fullmatch(name):
            problems.append(
                f"{path}.seed_sets.{name}: expected letters, digits and inner hyphens or underscores as a name"
            )
        seeds, wrong = sets.read(settings, root, f"{path}.seed_sets.{name}", limit)
        problems += wrong
        later = sets.later(settings, f"{path}.seed_sets.{name}.entries", limit)
        secrets = sets.secrets(settings, f"{path}.seed_sets.{name}.secrets", limit)
        found.append(_seed_set(f"seeds-{name}", settings, seeds, later, secrets))
        if not is_refused(settings, "prefix"):
            keys[f"seed_sets.{name}"] = [*seeds, *secrets]
    problems += sets.overlaps(keys, path)
    for where, names in keys.items():
        problems += [f"{path}.{where}: key {key!r} {reason}" for key in names if (reason := key_problem(key))]
    return problems, found


def _seed_set(
    suffix: str,
    settings: Mapping[str, Any],
    seeds: Seeds,
    later: Mapping[str, pulumi.Output[str]],
    secrets: Mapping[str, pulumi.Input[str]],
) -> SeedSet:
    return SeedSet(suffix, settings, later, secrets, {key: seed for key, seed in seeds.items() if key not in later})


def _default_on_conflict(args: Mapping[str, Any]) -> OnConflict:
    """The `on_conflict` of a set that has none. Data that outlives a destroy brings back its keys, and who joins a
    cluster finds some."""
    retained = (
        args.get("protect")
        or args.get("join")
        or any(platform.get("retain_data") for platform in args["platform"].values())
    )
    return OnConflict.ADOPT if retained else OnConflict.FAIL


def max_value(args: Mapping[str, Any]) -> int:
    """The most bytes of one value, as configured for the servers; `args` need not be checked yet."""
    configs = (one for name in ("agent_config", "server_config") if isinstance(one := args.get(name), Mapping))
    nothing: Mapping[str, Any] = {}
    limits = reduce(agent.merge, configs, nothing).get("limits")
    limit = limits.get("kv_max_value_size") if isinstance(limits, Mapping) else None
    if is_output(limits) or is_output(limit):
        # Consul refuses what is too large.
        return sys.maxsize
    return limit if isinstance(limit, int) else kv_tree.MAX_VALUE


def create(
    found: Sequence[SeedSet],
    args: Mapping[str, Any],
    name: str,
    addresses: Addresses,
    cluster_id: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    store: pulumi.Input[str] | None = None,
) -> list[KvEntries]:
    """Register the sets that were read, with resource names that begin with `name`. `args` are those of the cluster."""
    default = {"on_conflict": _default_on_conflict(args).value, "keep_edits": False, "retain": False}
    shared: dict[str, Any] = {**kv_moves.of_cluster(cluster_id, f"{name}-seeds", keys(found))}
    if store is not None:
        shared["store"] = store
    return [_create(f"{name}-{one.suffix}", addresses, one, {**default, **one.settings}, shared, opts) for one in found]


def keys(found: Sequence[SeedSet]) -> set[str]:
    """Every key of these sets."""
    return {key for one in found for key in (*one.seeds, *one.later, *one.secrets)}


def _create(
    name: str,
    addresses: Addresses,
    one: SeedSet,
    settings: Mapping[str, Any],
    shared: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> KvEntries:
    """Register the entries of one set, and the baseline that is read before they are first written."""
    rule: dict[str, Any] = {"set": name, "on_conflict": settings["on_conflict"], **shared}
    if settings["keep_edits"]:
        rule["keep_edits"] = True
    keys = one.seeds.keys() | one.later.keys() | one.secrets.keys()
    if keys:
        # Always, so that another `on_conflict` neither creates nor deletes a resource.
        baseline = KvBaseline(f"{name}-baseline", addresses, keys, opts, shared.get("store"))
        if rule["on_conflict"] == OnConflict.FAIL.value:
            rule["baseline"] = baseline.index
    return KvEntries(
        name,
        addresses,
        one.seeds,
        one.secrets,
        one.later,
        rule,
        with_options(opts, retain_on_delete=settings["retain"]),
    )

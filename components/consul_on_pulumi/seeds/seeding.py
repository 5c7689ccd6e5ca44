"""Seeding: each set of KV entries of a cluster is a resource of its own, independent of the others."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pulumi

from consul_on_pulumi.model import agent, kv_tree
from consul_on_pulumi.model.kv_plan import OnConflict
from consul_on_pulumi.model.seed import Seeds
from consul_on_pulumi.providers.kv_baseline import KvBaseline
from consul_on_pulumi.providers.kv_entries import KvEntries
from consul_on_pulumi.providers.provider import Addresses
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.seeds import sets

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")

ReadSet = tuple[Seeds, list[str]]
"""The entries of a set by full key, and its problems."""
_read_by_run: WeakKeyDictionary[object, dict[tuple[Any, ...], ReadSet]] = WeakKeyDictionary()
"""What each run of a program has read, for as long as the run lasts: Pulumi's RPC manager identifies the run."""


def problems(args: Mapping[str, Any], path: str, root: Path, key_problem: Callable[[str], str | None]) -> Iterator[str]:
    """The problems of the seeds of a cluster: of each set, of keys that are in two sets, and of those that the servers
    do not serve by `key_problem`."""
    limit = _max_value(args)
    found = list(kv_tree.problems(args["seeds"], f"{path}.seeds", limit))
    yield from found
    keys = {"seeds": [] if found else list(kv_tree.entries(args["seeds"]))}
    for name, settings in args["seed_sets"].items():
        if not _NAME.fullmatch(name):
            yield f"{path}.seed_sets.{name}: expected letters, digits and inner hyphens or underscores as a name"
        seeds, found = _read(settings, root, name, limit)
        yield from (f"{path}.seed_sets.{problem}" for problem in found)
        keys[f"seed_sets.{name}"] = [*seeds, *sets.secrets(settings)]
    yield from sets.overlaps(keys, path)
    for where, names in keys.items():
        for key in names:
            if problem := key_problem(key):
                yield f"{path}.{where}: key {key!r} {problem}"


def _default_on_conflict(args: Mapping[str, Any]) -> OnConflict:
    """The `on_conflict` of a set that has none. Retained data brings back the keys of a destroyed cluster."""
    retained = any(platform.get("retain_data") for platform in args["platform"].values())
    return OnConflict.ADOPT if retained else OnConflict.FAIL


def _read(settings: Mapping[str, Any], root: Path, name: str, max_value: int) -> ReadSet:
    """Read each set once in a run, so that the entries that were checked are written even if the files change."""
    run = pulumi.runtime.settings.SETTINGS.rpc_manager
    secret_keys = sorted(settings.get("secrets", {}))
    key = (json.dumps({**settings, "secrets": secret_keys}, sort_keys=True, default=str), root, name, max_value)
    read = _read_by_run.setdefault(run, {})
    if key not in read:
        read[key] = sets.read(settings, root, name, max_value)
    return read[key]


def _max_value(args: Mapping[str, Any]) -> int:
    """The most bytes of one value, as configured for the servers."""
    limits = agent.merge(args["agent_config"], args["server_config"]).get("limits")
    limit = limits.get("kv_max_value_size") if isinstance(limits, Mapping) else None
    return limit if isinstance(limit, int) else kv_tree.MAX_VALUE


def create(
    args: Mapping[str, Any], root: Path, name: str, addresses: Addresses, opts: pulumi.ResourceOptions
) -> list[KvEntries]:
    """Register every set of a cluster, with resource names that begin with `name`. `root` is the program's folder."""
    limit, default = _max_value(args), {"on_conflict": _default_on_conflict(args).value}
    inline, _ = sets.read({"entries": args["seeds"]}, root, "seeds", limit)
    created = [_create(f"{name}-seeds", addresses, inline, {**default, "keep_edits": False, "retain": False}, opts)]
    for set_name, settings in args["seed_sets"].items():
        seeds, _ = _read(settings, root, set_name, limit)
        created.append(_create(f"{name}-seeds-{set_name}", addresses, seeds, default | settings, opts))
    return created


def _create(
    name: str, addresses: Addresses, seeds: Seeds, settings: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> KvEntries:
    """Register the entries of one set, and the baseline that is read before they are first written."""
    secrets = sets.secrets(settings)
    rule: dict[str, Any] = {"set": name, "on_conflict": settings["on_conflict"]}
    if settings["keep_edits"]:
        rule["keep_edits"] = True
    keys = seeds.keys() | secrets.keys()
    if keys:
        # Always, so that another `on_conflict` neither creates nor deletes a resource.
        baseline = KvBaseline(f"{name}-baseline", addresses, keys, opts)
        if rule["on_conflict"] == OnConflict.FAIL.value:
            rule["baseline"] = baseline.index
    return KvEntries(name, addresses, seeds, secrets, rule, with_options(opts, retain_on_delete=settings["retain"]))

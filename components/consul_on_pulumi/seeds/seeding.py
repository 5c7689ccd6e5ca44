"""Seeding: each set of KV entries of a cluster is a resource of its own, independent of the others."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi

from consul_on_pulumi.model import agent, kv_tree
from consul_on_pulumi.model.kv_plan import OnConflict
from consul_on_pulumi.model.seed import Seed, Seeds
from consul_on_pulumi.providers import kv_moves
from consul_on_pulumi.providers.kv_baseline import KvBaseline
from consul_on_pulumi.providers.kv_entries import KvEntries
from consul_on_pulumi.providers.provider import Addresses
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.seeds import sets

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")

ReadSets = dict[str, tuple[Seeds, list[str]]]
"""By the name of each set, its entries by full key, and its problems."""


def read(args: Mapping[str, Any], root: Path) -> ReadSets:
    """Every set of a cluster. The files are read once, so that the entries that are checked are written even if the
    files change in between. `root` is the program's folder."""
    limit = _max_value(args)
    return {name: sets.read(settings, root, name, limit) for name, settings in args["seed_sets"].items()}


def problems(args: Mapping[str, Any], path: str, read_sets: ReadSets) -> Iterator[str]:
    """The problems of the seeds of a cluster: of each set, and of keys that are in two sets."""
    limit = _max_value(args)
    found = list(kv_tree.problems(args["seeds"], f"{path}.seeds", limit))
    yield from found
    keys = {"seeds": [] if found else list(kv_tree.entries(args["seeds"]))}
    for name, settings in args["seed_sets"].items():
        if not _NAME.fullmatch(name):
            yield f"{path}.seed_sets.{name}: expected letters, digits and inner hyphens or underscores as a name"
        seeds, found = read_sets[name]
        yield from (f"{path}.seed_sets.{problem}" for problem in found)
        keys[f"seed_sets.{name}"] = [*seeds, *sets.secrets(settings)]
    yield from sets.overlaps(keys, path)


def _default_on_conflict(args: Mapping[str, Any]) -> OnConflict:
    """The `on_conflict` of a set that has none. Retained data brings back the keys of a destroyed cluster."""
    retained = any(platform.get("retain_data") for platform in args["platform"].values())
    return OnConflict.ADOPT if retained else OnConflict.FAIL


def _max_value(args: Mapping[str, Any]) -> int:
    """The most bytes of one value, as configured for the servers."""
    limits = agent.merge(args["agent_config"], args["server_config"]).get("limits")
    limit = limits.get("kv_max_value_size") if isinstance(limits, Mapping) else None
    return limit if isinstance(limit, int) else kv_tree.MAX_VALUE


def create(
    args: Mapping[str, Any], read_sets: ReadSets, name: str, addresses: Addresses, opts: pulumi.ResourceOptions
) -> list[KvEntries]:
    """Register every set of a cluster, with resource names that begin with `name`."""
    first = f"{name}-seeds"
    default = {"on_conflict": _default_on_conflict(args).value, "keep_edits": False, "retain": False}
    inline = {key: Seed(text.encode()) for key, text in sorted(kv_tree.entries(args["seeds"]).items())}
    found = {first: (inline, default)}
    for set_name, settings in args["seed_sets"].items():
        found[f"{first}-{set_name}"] = (read_sets[set_name][0], default | settings)
    keys = {key for seeds, settings in found.values() for key in (*seeds, *sets.secrets(settings))}
    cluster = kv_moves.of_cluster(first, keys)
    return [_create(set_name, addresses, *of_set, cluster, opts) for set_name, of_set in found.items()]


def _create(
    name: str,
    addresses: Addresses,
    seeds: Seeds,
    settings: Mapping[str, Any],
    cluster: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> KvEntries:
    """Register the entries of one set, and the baseline that is read before they are first written."""
    secrets = sets.secrets(settings)
    rule: dict[str, Any] = {"set": name, "on_conflict": settings["on_conflict"], **cluster}
    if settings["keep_edits"]:
        rule["keep_edits"] = True
    keys = seeds.keys() | secrets.keys()
    if keys:
        # Always, so that another `on_conflict` neither creates nor deletes a resource.
        baseline = KvBaseline(f"{name}-baseline", addresses, keys, opts)
        if rule["on_conflict"] == OnConflict.FAIL.value:
            rule["baseline"] = baseline.index
    return KvEntries(name, addresses, seeds, secrets, rule, with_options(opts, retain_on_delete=settings["retain"]))

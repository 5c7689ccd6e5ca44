"""Seeding: every set of KV entries of a cluster as a resource of its own, so that none waits for or undoes another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.desired.kv_plan import OnConflict
from components.desired.seed import Seeds
from components.live.kv import KvEntries
from components.live.kv_baseline import KvBaseline


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


def plant(name: str, addresses: pulumi.Input[list[str]], planted: SeedSet, opts: pulumi.ResourceOptions) -> KvEntries:
    """Register the entries of one set, and what has to be known before they are first written."""
    rule: dict[str, pulumi.Input[str | bool | int]] = {"set": name, "on_conflict": planted.on_conflict.value}
    if planted.keep_edits:
        rule["keep_edits"] = True
    keys = planted.seeds.keys() | planted.secrets.keys()
    if keys and planted.on_conflict is OnConflict.FAIL:
        rule["baseline"] = KvBaseline(f"{name}-baseline", addresses, keys, opts).index
    own = pulumi.ResourceOptions(retain_on_delete=planted.retain)
    return KvEntries(name, addresses, planted.seeds, planted.secrets, rule, pulumi.ResourceOptions.merge(opts, own))

"""Keys that move between the seed sets of a cluster: a set never deletes a key that another set wants.

The engine updates sets in any order and deletes a removed set last, and a deletion knows only its own old state. So
the program tells every set the keys of all sets. The check of a set turns them into `moved`, the keys that it gives up
to others, for its update. It also notes them in this process, for deletions: the engine checks every resource of the
program before it deletes one that the program no longer has. A `destroy` checks nothing, so it deletes all keys.

The engine starts a process of providers for each preview and each update, so nothing is left of an earlier run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.seed import Seeds
from consul_on_pulumi.providers.provider import Properties, known_addresses

CLUSTER_ID, FIRST_SET, CLUSTER_KEYS, MOVED = "cluster_id", "cluster", "cluster_keys", "moved"


@dataclass(frozen=True, slots=True)
class _Cluster:
    first_set: str
    keys: frozenset[str]
    """Those of all sets."""
    addresses: list[str]


_clusters: dict[str, _Cluster] = {}
"""By cluster ID: two clusters of one program may have the same logical name."""


def of_cluster(cluster_id: pulumi.Input[str], first_set: str, keys: set[str]) -> dict[str, pulumi.Input[str]]:
    """The inputs that tell a set the keys of all sets of its cluster. The check removes all but the ID, so no state
    grows."""
    return {CLUSTER_ID: cluster_id, FIRST_SET: first_set, CLUSTER_KEYS: "\n".join(sorted(keys))}


def resolved(olds: Properties, news: Properties) -> Properties:
    """The inputs with the keys that move to other sets, in place of the keys of all sets."""
    inputs = {name: value for name, value in news.items() if name not in (FIRST_SET, CLUSTER_KEYS, MOVED)}
    if FIRST_SET in news:
        wanted = frozenset(str(news[CLUSTER_KEYS]).split("\n"))
        _clusters[str(news.get(CLUSTER_ID))] = _Cluster(news[FIRST_SET], wanted, known_addresses(news))
        if moved := sorted((kv_state.keys(olds) - kv_state.keys(news)) & wanted):
            inputs[MOVED] = moved
    return inputs


def without_moved(owned: Seeds, news: Mapping[str, Any]) -> Seeds:
    """The entries that an update may delete: those that do not move to another set."""
    return {key: seed for key, seed in owned.items() if key not in news.get(MOVED, ())}


def without_wanted(owned: Seeds, props: Mapping[str, Any]) -> Seeds:
    """The entries that the deletion of the set `props` may delete: those that no set of its cluster wants now."""
    cluster = _cluster_of(props)
    return {key: seed for key, seed in owned.items() if cluster is None or key not in cluster.keys}


def addresses_now(props: Mapping[str, Any]) -> list[str]:
    """Where a set that is deleted finds its cluster: the addresses in its state may be those before this update."""
    cluster = _cluster_of(props)
    return (cluster.addresses if cluster else []) or list(props["addresses"])


def _cluster_of(props: Mapping[str, Any]) -> _Cluster | None:
    if known := props.get(CLUSTER_ID):
        return _clusters.get(known)
    # A state of 0.1.0 has no ID: the name of the first set begins those of all sets.
    name = props.get("set", "")
    named = [one for one in _clusters.values() if f"{name}-".startswith(f"{one.first_set}-")]
    return max(named, key=lambda one: len(one.first_set), default=None)

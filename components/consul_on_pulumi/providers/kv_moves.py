"""Keys that move between the seed sets of a cluster: a set never deletes a key that another set wants.

The engine updates sets in any order and deletes a removed set last, and a deletion knows only its own old state. So
the program tells every set the keys of all sets. The check of a set turns them into `moved`, the keys that it gives up
to others, for its update. It also notes them in this process, for deletions: the engine checks every resource of the
program before it deletes one that the program no longer has. A `destroy` checks nothing, so it deletes all keys.
"""

from collections.abc import Mapping
from typing import Any

from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.seed import Seeds

CLUSTER, CLUSTER_KEYS, MOVED = "cluster", "cluster_keys", "moved"

_wanted: dict[str, frozenset[str]] = {}
"""The keys of all sets of a cluster, by the name of its first set."""


def of_cluster(first_set: str, keys: set[str]) -> dict[str, str]:
    """The inputs that tell a set the keys of all sets of its cluster. The check removes them, so no state grows."""
    return {CLUSTER: first_set, CLUSTER_KEYS: "\n".join(sorted(keys))}


def resolved(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with the keys that move to other sets, in place of the keys of all sets."""
    inputs = {name: value for name, value in news.items() if name not in (CLUSTER, CLUSTER_KEYS, MOVED)}
    if CLUSTER in news:
        wanted = _wanted[news[CLUSTER]] = frozenset(str(news[CLUSTER_KEYS]).split("\n"))
        if moved := sorted((kv_state.keys(olds) - kv_state.keys(news)) & wanted):
            inputs[MOVED] = moved
    return inputs


def without_moved(owned: Seeds, news: Mapping[str, Any]) -> Seeds:
    """The entries that an update may delete: those that do not move to another set."""
    return {key: seed for key, seed in owned.items() if key not in news.get(MOVED, ())}


def without_wanted(owned: Seeds, name: str) -> Seeds:
    """The entries that the deletion of the set `name` may delete: those that no set of its cluster wants now."""
    wanted = {key for first, keys in _wanted.items() if f"{name}-".startswith(f"{first}-") for key in keys}
    return {key: seed for key, seed in owned.items() if key not in wanted}

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
from consul_on_pulumi.providers.provider import Properties, known_addresses

CLUSTER, CLUSTER_KEYS, MOVED = "cluster", "cluster_keys", "moved"

_clusters: dict[str, tuple[frozenset[str], list[str]]] = {}
"""The keys of all sets of a cluster, and its addresses, by the name of its first set."""


def of_cluster(first_set: str, keys: set[str]) -> dict[str, str]:
    """The inputs that tell a set the keys of all sets of its cluster. The check removes them, so no state grows."""
    return {CLUSTER: first_set, CLUSTER_KEYS: "\n".join(sorted(keys))}


def resolved(olds: Properties, news: Properties) -> Properties:
    """The inputs with the keys that move to other sets, in place of the keys of all sets."""
    inputs = {name: value for name, value in news.items() if name not in (CLUSTER, CLUSTER_KEYS, MOVED)}
    if CLUSTER in news:
        wanted = frozenset(str(news[CLUSTER_KEYS]).split("\n"))
        _clusters[news[CLUSTER]] = wanted, known_addresses(news)
        if moved := sorted((kv_state.keys(olds) - kv_state.keys(news)) & wanted):
            inputs[MOVED] = moved
    return inputs


def without_moved(owned: Seeds, news: Mapping[str, Any]) -> Seeds:
    """The entries that an update may delete: those that do not move to another set."""
    return {key: seed for key, seed in owned.items() if key not in news.get(MOVED, ())}


def without_wanted(owned: Seeds, name: str) -> Seeds:
    """The entries that the deletion of the set `name` may delete: those that no set of its cluster wants now."""
    wanted = {key for keys, _ in _cluster_of(name) for key in keys}
    return {key: seed for key, seed in owned.items() if key not in wanted}


def addresses_now(props: Mapping[str, Any]) -> list[str]:
    """Where a set that is deleted finds its cluster: the addresses in its state may be those before this update."""
    now = [base for _, addresses in _cluster_of(props.get("set", "")) for base in addresses]
    return now or list(props["addresses"])


def _cluster_of(name: str) -> list[tuple[frozenset[str], list[str]]]:
    return [noted for first, noted in _clusters.items() if f"{name}-".startswith(f"{first}-")]

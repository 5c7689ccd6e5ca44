"""Entries that the settings spell out, plain ones and secret ones."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from consul_on_pulumi.model import kv_tree
from consul_on_pulumi.model.seed import Seed
from consul_on_pulumi.seeds.found import Fault, Found, Place


def entries(tree: Mapping[str, Any], max_value: int) -> Iterator[Found | Fault]:
    """The leaves of a tree, each under the path of keys that leads to it; `max_value` is in bytes."""
    place = Place("entries")
    for key, value in kv_tree.leaves(tree):
        if fault := kv_tree.value_fault(value, max_value):
            yield Fault(place, fault, key)
        else:
            yield Found(place, key, Seed(kv_tree.as_text(value).encode()))


def secrets(given: Mapping[str, pulumi.Input[str]], max_value: int) -> Iterator[Found | Fault]:
    """The keys of secret values, and what can be said of those values that are known already."""
    place = Place("secrets")
    for key, value in given.items():
        if isinstance(value, str) and (fault := kv_tree.value_fault(value, max_value)):
            yield Fault(place, fault, key)
        else:
            yield Found(place, key)

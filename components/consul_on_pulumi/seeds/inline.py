"""Plain and secret entries that are in the settings themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from consul_on_pulumi.model import kv_tree
from consul_on_pulumi.model.seed import Seed
from consul_on_pulumi.seeds.source import Entry, Problem, Source


def entries(tree: Mapping[str, Any], max_value: int) -> Iterator[Entry | Problem]:
    """The leaves of a tree, each with the path of its keys as key; `max_value` is in bytes."""
    source = Source("entries")
    for key, value in kv_tree.leaves(tree):
        if problem := kv_tree.value_problem(value, max_value):
            yield Problem(source, problem, key)
        else:
            yield Entry(source, key, Seed(kv_tree.as_text(value).encode()))


def secrets(given: Mapping[str, pulumi.Input[str]], max_value: int) -> Iterator[Entry | Problem]:
    """The keys of secret values. Only values that are known already are checked."""
    source = Source("secrets")
    for key, value in given.items():
        if isinstance(value, str) and (problem := kv_tree.value_problem(value, max_value)):
            yield Problem(source, problem, key)
        else:
            yield Entry(source, key)

from typing import Any

import pytest
from consul_on_pulumi.model import kv_tree
from hypothesis import given
from hypothesis import strategies as some

NAMES = some.text(some.characters(categories=["L", "N"]), min_size=1, max_size=5)
LEAVES = some.text(max_size=5) | some.integers() | some.booleans()
TREES = some.dictionaries(
    NAMES,
    some.recursive(LEAVES, lambda below: some.dictionaries(NAMES, below, min_size=1, max_size=3), max_leaves=6),
    max_size=3,
)


def problems(tree: Any) -> list[str]:
    return list(kv_tree.problems(tree, "cluster.seeds"))


@pytest.mark.parametrize(
    ("tree", "entries"),
    [
        ({}, {}),
        ({"a": {"b": {"c": "x"}}, "d": "y"}, {"a/b/c": "x", "d": "y"}),
        ({"a/b": {"c": "x"}}, {"a/b/c": "x"}),
        ({"n": 1, "f": 1.5, "yes": True, "no": False}, {"n": "1", "f": "1.5", "yes": "true", "no": "false"}),
        (
            {"empty": "", "folder/": "", "text": "true", "words": "ä ☃"},
            {"empty": "", "folder/": "", "text": "true", "words": "ä ☃"},
        ),
    ],
)
def test_a_tree_becomes_one_entry_for_each_leaf(tree: dict[str, Any], entries: dict[str, str]) -> None:
    assert kv_tree.entries(tree) == entries
    assert problems(tree) == []


@given(TREES)
def test_every_leaf_of_a_legal_tree_is_found_under_its_path(tree: dict[str, Any]) -> None:
    entries = kv_tree.entries(tree)

    assert problems(tree) == []
    for key, text in entries.items():
        leaf: Any = tree
        for segment in key.split("/"):
            leaf = leaf[segment]
        assert text == {True: "true", False: "false"}[leaf] if isinstance(leaf, bool) else text == str(leaf)


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("", "is empty, give it a name"),
        ("/a", "starts with a slash, remove it"),
        ("a//b", "has an empty segment, write single slashes"),
        ("a/./b", "has a dot segment, rename it"),
        ("a/..", "has a dot segment, rename it"),
        ("..", "has a dot segment, rename it"),
        (" a", "starts or ends with a space, remove it"),
        ("a\n", "starts or ends with a space, remove it"),
        ("a\tb", "has characters that are not printable, remove them"),
        ("a\u200bb", "has characters that are not printable, remove them"),
    ],
)
def test_a_key_that_consul_would_rewrite_or_refuse_is_refused(key: str, fault: str) -> None:
    assert problems({key: "x"}) == [f"cluster.seeds: key {key!r} {fault}"]


@pytest.mark.parametrize("key", ["a", "a/b", "a/", "a b", "a.b", "...", ".hidden", "a?b#c%d", "ä☃"])
def test_a_key_that_consul_stores_unchanged_is_accepted(key: str) -> None:
    assert problems({key: "x"}) == []


def test_a_key_given_as_map_and_as_path_is_refused() -> None:
    assert problems({"a": {"b": "x"}, "a/b": "y"}) == ["cluster.seeds: key 'a/b' is given twice, keep one"]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "has no value, write '' for an empty one"),
        ({}, "is an empty map, give it keys or a value"),
        ([1], "is a list, which one value cannot hold: write it as quoted text"),
        ("x" * 524289, "has a value of 524289 bytes, at most 524288 fit"),
        ("ä" * 262145, "has a value of 524290 bytes, at most 524288 fit"),
        (b"x", "has a value of type bytes, give text, a number or a boolean"),
        ("\ud83d", "has half of a surrogate pair, which UTF-8 cannot encode: write the whole character"),
    ],
    ids=["nothing", "empty map", "list", "one byte too long", "too long in UTF-8", "no text", "half a character"],
)
def test_a_value_that_cannot_be_stored_is_refused(value: Any, fault: str) -> None:
    assert problems({"a": {"b": value}}) == [f"cluster.seeds: key 'a/b' {fault}"]


def test_a_value_of_half_a_mebibyte_is_accepted() -> None:
    assert problems({"a": "x" * 524288}) == []


def test_another_limit_than_the_default_is_used() -> None:
    assert kv_tree.value_problem("xx", limit=1) == "has a value of 2 bytes, at most 1 fit"
    assert kv_tree.value_problem("x" * 524289, limit=524289) is None


def test_all_problems_are_reported() -> None:
    assert problems({"/a": None, "b": []}) == [
        "cluster.seeds: key '/a' starts with a slash, remove it",
        "cluster.seeds: key '/a' has no value, write '' for an empty one",
        "cluster.seeds: key 'b' is a list, which one value cannot hold: write it as quoted text",
    ]

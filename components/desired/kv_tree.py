"""From the nested tree of the settings to flat KV entries, and what makes a key or a value illegal."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.desired.seed import Seed, Seeds

MAX_VALUE = 512 * 1024
"""Bytes; the servers' default `limits.kv_max_value_size`."""

Entries = dict[str, str]
"""Full key to text value."""


def entries(tree: Mapping[str, Any]) -> Entries:
    """The leaves of `tree`, each under the path of keys that leads to it: `{"a": {"b": 1}}` is `{"a/b": "1"}`.

    Text is taken as it is; numbers and booleans are written the way JSON writes them.
    """
    return {key: _text(value) for key, value in _leaves(tree, "")}


def seeds(tree: Mapping[str, Any]) -> Seeds:
    """The same as they are to be stored."""
    return {key: Seed(text.encode()) for key, text in entries(tree).items()}


def problems(tree: Any, path: str) -> Iterator[str]:
    """Every key and value of `tree` that cannot be seeded, each with its place, what is wrong and the fix."""
    if not isinstance(tree, Mapping):
        yield f"{path}: expected a map of keys, got {tree!r}"
        return
    seen: set[str] = set()
    for key, value in _leaves(tree, ""):
        if fault := key_fault(key):
            yield f"{path}: key {key!r} {fault}"
        elif key in seen:
            yield f"{path}: key {key!r} is given twice, keep one"
        seen.add(key)
        if fault := _value_fault(value):
            yield f"{path}: key {key!r} {fault}"


def key_fault(key: str) -> str | None:
    """Why this key is refused, or None.

    Consul serves keys as URL paths: empty and dot segments are rewritten on the way there, and since 1.21 outer
    spaces and path traversal are refused outright (CVE-2025-11392).
    """
    segments = key.split("/")
    if not key:
        return "is empty, give it a name"
    if key.startswith("/"):
        return "starts with a slash, drop it"
    if "" in segments[:-1]:
        return "has an empty segment, write single slashes"
    if "." in segments or ".." in segments:
        return "has a dot segment, rename it"
    if key != key.strip():
        return "has spaces at an end, trim them"
    if not key.isprintable():
        return "has characters that do not print, drop them"
    return None


def _leaves(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value_fault(value: Any) -> str | None:
    if value is None:
        return "has no value, write '' for an empty one"
    if isinstance(value, Mapping):
        return "is an empty map, give it keys or a value"
    if isinstance(value, list):
        return "has a list, which no single value can hold: write it as quoted text"
    if (size := len(_text(value).encode())) > MAX_VALUE:
        return f"has a value of {size} bytes, at most {MAX_VALUE} fit"
    return None

"""Turns the nested maps of the settings into flat KV entries, and checks keys and values."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

MAX_VALUE = 512 * 1024
"""The most bytes of a value: the default of `limits.kv_max_value_size` on servers."""

LIST = "is a list, which one value cannot hold: write it as quoted text"
"""The problem of a list."""


def entries(tree: Mapping[str, Any]) -> dict[str, str]:
    """The text of every leaf of `tree`, with the path of keys as key: `{"a": {"b": 1}}` gives `{"a/b": "1"}`.

    Text stays as it is; numbers and booleans are written as in JSON.
    """
    return {key: as_text(value) for key, value in leaves(tree)}


def problems(tree: Mapping[str, Any], path: str, limit: int = MAX_VALUE) -> Iterator[str]:
    """Every key and value of `tree` that cannot be stored, with its path and the fix.

    `limit` is the most bytes that the servers accept in one value.
    """
    seen: set[str] = set()
    for key, value in leaves(tree):
        if problem := key_problem(key):
            yield f"{path}: key {key!r} {problem}"
        elif key in seen:
            yield f"{path}: key {key!r} is given twice, keep one"
        seen.add(key)
        if problem := value_problem(value, limit):
            yield f"{path}: key {key!r} {problem}"


def key_problem(key: str) -> str | None:
    """Why this key is refused, or None.

    Keys are URL paths in Consul's HTTP API: empty and dot segments are rewritten on the way. Consul 1.21 and later
    refuse outer spaces and path traversal (CVE-2025-11392).
    """
    segments = key.split("/")
    if not key:
        return "is empty, give it a name"
    if key.startswith("/"):
        return "starts with a slash, remove it"
    if "" in segments[:-1]:
        return "has an empty segment, write single slashes"
    if "." in segments or ".." in segments:
        return "has a dot segment, rename it"
    if key != key.strip():
        return "starts or ends with a space, remove it"
    if not key.isprintable():
        return "has characters that are not printable, remove them"
    return None


def prefix_problems(prefix: str, path: str) -> Iterator[str]:
    """Why this cannot be the prefix of a seed set; `path` is that of the setting."""
    if prefix and (problem := key_problem(prefix)):
        yield f"{path}: {prefix!r} {problem}"
    elif prefix and not prefix.endswith("/"):
        yield f"{path}: expected a slash at the end, got {prefix!r}, write {prefix + '/'!r}"


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All values of `tree` except maps with keys, with their full keys."""
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value


def as_text(value: Any) -> str:
    """A leaf as text to store."""
    return value if isinstance(value, str) else json.dumps(value)


def value_problem(value: Any, limit: int = MAX_VALUE) -> str | None:
    """Why this value is refused, or None; `limit` is in bytes."""
    if value is None:
        return "has no value, write '' for an empty one"
    if isinstance(value, Mapping):
        return "is an empty map, give it keys or a value"
    if isinstance(value, list):
        return LIST
    if not isinstance(value, str | int | float):
        return f"has a value of type {type(value).__name__}, give text, a number or a boolean"
    try:
        return size_problem(len(as_text(value).encode()), limit)
    except UnicodeEncodeError:
        # Such as JSON's `\ud83d` alone.
        return "has half of a surrogate pair, which UTF-8 cannot encode: write the whole character"


def size_problem(size: int, limit: int = MAX_VALUE) -> str | None:
    """Why a value with so many bytes is refused, or None."""
    return f"has a value of {size} bytes, at most {limit} fit" if size > limit else None

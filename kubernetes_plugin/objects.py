"""Kubernetes objects as plain documents, and reading their parts."""

from collections.abc import Mapping
from typing import Any

# What stands for a value that is known only after other resources were made.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Object = dict[str, Any]


def part(obj: Any, *path: str) -> Any:
    """The value at a path of keys; None where there is none."""
    for key in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(key)
    return obj


def name_of(obj: Object) -> str:
    """``metadata.name``, or nothing."""
    return str(part(obj, "metadata", "name") or "")


def namespace_of(obj: Object) -> str:
    """``metadata.namespace``, or nothing."""
    return str(part(obj, "metadata", "namespace") or "")


def annotation(obj: Object, name: str) -> str:
    """An annotation's value, or nothing."""
    value = part(obj, "metadata", "annotations", name)
    return value if isinstance(value, str) else ""


def annotated_true(obj: Object, name: str) -> bool:
    """Whether an annotation says true."""
    return annotation(obj, name) == "true"


def with_part(obj: Object, value: Any, *path: str) -> Object:
    """A copy in which the value at a path is another; objects on the way are made when missing."""
    key, *rest = path
    inner = obj.get(key)
    inner = inner if isinstance(inner, dict) else {}
    return obj | {key: with_part(inner, value, *rest) if rest else value}


def without_part(obj: Object, *path: str) -> Object:
    """A copy without the value at a path."""
    key, *rest = path
    if key not in obj:
        return obj
    if not rest:
        return {name: value for name, value in obj.items() if name != key}
    inner = obj[key]
    return obj | {key: without_part(inner, *rest)} if isinstance(inner, dict) else obj


def unknown_within(value: Any) -> bool:
    """Whether any part is not known yet."""
    if isinstance(value, Mapping):
        return any(unknown_within(inner) for inner in value.values())
    if isinstance(value, list):
        return any(unknown_within(inner) for inner in value)
    return bool(value == UNKNOWN)

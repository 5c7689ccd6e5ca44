"""The content of an expanded document in any language, and the keys that it gives."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_KEYS = 100_000
"""The most keys of one document. A few lines of YAML aliases can expand to billions."""
MAX_CHARACTERS = 64 * 1024 * 1024
"""The most characters in all keys and values of one document."""

Node = Any
"""Text, a boolean, None, a list, a Branch or an InvalidValue. A node may be in several places, even in itself."""


class DocumentError(Exception):
    """Why a document cannot be expanded, and the fix."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A map as written: in order, and with duplicate keys."""

    pairs: list[tuple[str, Node]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """A value that cannot be stored."""

    text: str
    """The problem and the fix."""


def leaves(top: Node) -> Iterator[tuple[str, str | InvalidValue]]:
    """Every leaf with the path of its names as key: its text as written, or why it cannot be stored.

    Raises DocumentError if `top` is not a map, or has more than MAX_KEYS or MAX_CHARACTERS.
    """
    if isinstance(top, InvalidValue):
        raise DocumentError(top.text)
    if not isinstance(top, Branch) or not top.pairs:
        raise DocumentError("has no map of keys: add keys, leave it out, or keep it whole with expand: false")
    keys = characters = 0
    # Without recursion, as a document may be nested deeper than Python's call stack.
    open_branches = [_OpenBranch("", iter(top.pairs))]
    while open_branches:
        branch = open_branches[-1]
        name, node = next(branch.rest, (None, None))
        if name is None:
            open_branches.pop()
            continue
        key = branch.prefix + name
        keys += 1
        characters += len(key) + (len(node) if isinstance(node, str) else 0)
        if keys > MAX_KEYS or characters > MAX_CHARACTERS:
            raise DocumentError(
                f"expands to more than {MAX_KEYS} keys or {MAX_CHARACTERS} characters, keep it whole with expand: false"
            )
        if name in branch.seen:
            yield key, InvalidValue("is given twice, keep one")
        elif isinstance(node, Branch) and node.pairs:
            open_branches.append(_OpenBranch(f"{key}/", iter(node.pairs)))
        else:
            yield key, _leaf(node)
        branch.seen.add(name)


@dataclass(frozen=True, slots=True)
class _OpenBranch:
    prefix: str
    rest: Iterator[tuple[str, Node]]
    seen: set[str] = field(default_factory=set)


def _leaf(node: Node) -> str | InvalidValue:
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, str | InvalidValue):
        return node
    if node is None:
        return InvalidValue("has no value, write '' for an empty one")
    if isinstance(node, Branch):
        return InvalidValue("is an empty map, give it keys or a value")
    return InvalidValue(
        "is a list, which one value cannot hold: write it as quoted text or keep the file whole with expand: false"
    )

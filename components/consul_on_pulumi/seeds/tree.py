"""What an expanded document holds, whatever language it is written in, and the keys that come of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_KEYS = 100_000
"""In one document. A few lines of YAML aliases spell billions."""
MAX_CHARACTERS = 64 * 1024 * 1024
"""Of all keys and values of one document together."""

Node = Any
"""Text, a boolean, None, a list, a Branch or an Unfit. A node may lie in several places, even within itself."""


class DocumentError(Exception):
    """Why a document cannot be expanded at all, and the fix."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A map as it is written: in order, with the keys that are given twice."""

    pairs: list[tuple[str, Node]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unfit:
    """In place of a value that cannot be stored."""

    text: str
    """What is wrong and the fix."""


def leaves(top: Node) -> Iterator[tuple[str, str | Unfit]]:
    """Every leaf under the path of names that leads to it: its text as it is written, or why it cannot be stored.

    Raises DocumentError for what is no map, and for more than MAX_KEYS or MAX_CHARACTERS.
    """
    if isinstance(top, Unfit):
        raise DocumentError(top.text)
    if not isinstance(top, Branch) or not top.pairs:
        raise DocumentError("holds no map of keys, give it some, leave it out or keep it whole with expand: false")
    keys = characters = 0
    # No recursion: a document may be nested deeper than Python calls.
    open_branches = [_Open("", iter(top.pairs))]
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
            yield key, Unfit("is given twice, keep one")
        elif isinstance(node, Branch) and node.pairs:
            open_branches.append(_Open(f"{key}/", iter(node.pairs)))
        else:
            yield key, _leaf(node)
        branch.seen.add(name)


@dataclass(frozen=True, slots=True)
class _Open:
    prefix: str
    rest: Iterator[tuple[str, Node]]
    seen: set[str] = field(default_factory=set)


def _leaf(node: Node) -> str | Unfit:
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, str | Unfit):
        return node
    if node is None:
        return Unfit("has no value, write '' for an empty one")
    if isinstance(node, Branch):
        return Unfit("is an empty map, give it keys or a value")
    return Unfit(
        "has a list, which no single value can hold: write it as quoted text or keep the file whole with expand: false"
    )

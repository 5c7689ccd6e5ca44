"""The content of an expanded document in any language, and the keys that it gives."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from consul_on_pulumi.model import kv_tree

MAX_KEYS = 100_000
"""The most keys of one document. A few lines of YAML aliases can expand to billions."""
MAX_CHARACTERS = 64 * 1024 * 1024
"""The most characters in all keys and values of one document."""
KEEP_WHOLE = "keep the file whole with `whole` or `expand: false`"
"""What to do about a document that cannot be expanded."""

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
        raise DocumentError("has no map of keys: add keys, leave it out, or " + KEEP_WHOLE)
    keys = characters = 0
    # Without recursion, as a document may be nested deeper than Python's call stack.
    open_branches = [_nodes(top, "")]
    while open_branches:
        key, node = next(open_branches[-1], (None, None))
        if key is None:
            open_branches.pop()
            continue
        keys += 1
        characters += len(key) + (len(node) if isinstance(node, str) else 0)
        if keys > MAX_KEYS or characters > MAX_CHARACTERS:
            raise DocumentError(f"expands to more than {MAX_KEYS} keys or {MAX_CHARACTERS} characters, {KEEP_WHOLE}")
        if isinstance(node, Branch) and node.pairs:
            open_branches.append(_nodes(node, f"{key}/"))
        else:
            yield key, _leaf(node)


def _nodes(branch: Branch, prefix: str) -> Iterator[tuple[str, Node]]:
    seen: set[str] = set()
    for name, node in branch.pairs:
        yield prefix + name, InvalidValue("is given twice, keep one") if name in seen else node
        seen.add(name)


def _leaf(node: Node) -> str | InvalidValue:
    if isinstance(node, str | InvalidValue):
        return node
    if isinstance(node, list):
        return InvalidValue(f"{kv_tree.LIST} or {KEEP_WHOLE}")
    value = {} if isinstance(node, Branch) else node
    problem = kv_tree.value_problem(value)
    return InvalidValue(problem) if problem else kv_tree.as_text(value)

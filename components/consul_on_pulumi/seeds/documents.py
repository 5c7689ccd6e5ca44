"""Files that are expanded to one key for each leaf: JSON, YAML and Java properties."""

import json
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import NoReturn

from consul_on_pulumi.seeds import yaml_tree
from consul_on_pulumi.seeds.tree import KEEP_WHOLE, Branch, DocumentError, InvalidValue, Node, leaves

MAX_DOCUMENT = 16 * 1024 * 1024
"""The most bytes of one document."""


def can_expand(path: PurePath) -> bool:
    """Whether files with this extension are expanded, in upper or lower case."""
    return path.suffix.lower() in _PARSERS


def expand(path: PurePath, content: bytes) -> Iterator[tuple[str, str | InvalidValue]]:
    """Every leaf of a document: its key, and its text as written or why it cannot be stored. Raises DocumentError."""
    text = decode(content)
    try:
        top = _PARSERS[path.suffix.lower()](text)
    except RecursionError:
        raise DocumentError(f"is nested too deep, {KEEP_WHOLE}") from None
    return leaves(top)


def decode(content: bytes) -> str:
    """The text of a document in UTF-8, with or without a byte order mark. Raises DocumentError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DocumentError(f"is not UTF-8 text in line {line}, save it as UTF-8") from None


def _json(text: str) -> Node:
    """Numbers stay as written."""
    try:
        return json.loads(text, object_pairs_hook=Branch, parse_float=str, parse_int=str, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise DocumentError(f"has a syntax error in line {error.lineno}, {error.msg}: correct it") from None


def _refuse(word: str) -> NoReturn:
    raise DocumentError(f"has {word}, which is not JSON: write it as quoted text")


def _properties(text: str) -> Node:
    """Dots in names stay dots: `a.b=c` is the key `a.b`. The encoding is UTF-8, as in Java 9 and later."""
    import javaproperties

    branch, line = Branch(), 1
    try:
        for element in javaproperties.parse(text):
            line += element.source.count("\n")
            if isinstance(element, javaproperties.KeyValue):
                branch.pairs.append((element.key, element.value))
    except javaproperties.InvalidUEscapeError as error:
        raise DocumentError(f"has a syntax error in line {line}, {error}: correct it") from None
    return branch


_PARSERS: dict[str, Callable[[str], Node]] = {
    ".json": _json,
    ".properties": _properties,
    ".yaml": yaml_tree.parse,
    ".yml": yaml_tree.parse,
}

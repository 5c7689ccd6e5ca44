"""Which files can be expanded, and how each language is read."""

import json
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import NoReturn

import javaproperties

from consul_on_pulumi.seeds import yaml_tree
from consul_on_pulumi.seeds.tree import Branch, DocumentError, Node, Unfit, leaves

MAX_DOCUMENT = 16 * 1024 * 1024
"""Bytes of one document that is expanded."""


def can_expand(path: PurePath) -> bool:
    """Whether the extension, in capitals or not, is one of those that are expanded."""
    return path.suffix.lower() in _LANGUAGES


def expand(path: PurePath, content: bytes) -> Iterator[tuple[str, str | Unfit]]:
    """Every leaf of a document: its path of names, and its text as it is written or why it cannot be stored.

    Raises DocumentError for a document that cannot be expanded at all.
    """
    text = decoded(content)
    try:
        top = _LANGUAGES[path.suffix.lower()](text)
    except RecursionError:
        raise DocumentError("is nested too deep, keep it whole with expand: false") from None
    return leaves(top)


def decoded(content: bytes) -> str:
    """The text of a document, which is UTF-8 with or without a byte order mark. Raises DocumentError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DocumentError(f"is no UTF-8 text in line {line}, save it as UTF-8") from None


def _json(text: str) -> Node:
    """Numbers stay as they are written."""
    try:
        return json.loads(text, object_pairs_hook=Branch, parse_float=str, parse_int=str, parse_constant=_no_json)
    except json.JSONDecodeError as error:
        raise DocumentError(f"has a syntax error in line {error.lineno}, {error.msg}: mend it") from None


def _no_json(word: str) -> NoReturn:
    raise DocumentError(f"holds {word}, which is no JSON: write it as quoted text")


def _properties(text: str) -> Node:
    """The dots in a name stay dots: `a.b=c` is the key `a.b`. UTF-8, as Java 9 reads resource bundles, not Latin-1."""
    branch, line = Branch(), 1
    try:
        for element in javaproperties.parse(text):
            line += element.source.count("\n")
            if isinstance(element, javaproperties.KeyValue):
                branch.pairs.append((element.key, element.value))
    except javaproperties.InvalidUEscapeError as error:
        raise DocumentError(f"has a syntax error in line {line}, {error}: mend it") from None
    return branch


_LANGUAGES: dict[str, Callable[[str], Node]] = {
    ".json": _json,
    ".properties": _properties,
    ".yaml": yaml_tree.parse,
    ".yml": yaml_tree.parse,
}

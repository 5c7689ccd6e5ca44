"""Rules for settings of any kind."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from consul_on_pulumi.schema.definition import Rule


def at_least(minimum: int) -> Rule:
    """A number from `minimum` up."""
    expected = f"{minimum} or more"
    return Rule(expected=expected, accepts=lambda value: value >= minimum, schema={"minimum": minimum})


def between(first: int, last: int, what: str = "") -> Rule:
    """A number from `first` to `last`, called `what`."""
    return Rule(
        expected=f"{what} {first} to {last}".strip(),
        accepts=lambda value: first <= value <= last,
        schema={"minimum": first, "maximum": last},
    )


def one_of(*words: str) -> Rule:
    """One of these words."""
    *others, last = words
    return Rule(
        expected=f"{', '.join(others)} or {last}", accepts=lambda value: value in words, schema={"enum": list(words)}
    )


def matching(pattern: str, expected: str, longest: int) -> Rule:
    """Text of at most `longest` characters that matches the whole pattern."""
    compiled = re.compile(pattern)
    return Rule(
        expected=expected,
        accepts=lambda value: len(value) <= longest and compiled.fullmatch(value) is not None,
        schema={"pattern": f"^{pattern}$", "maxLength": longest},
    )


def no_nulls(value: Any, path: str) -> Iterator[str]:
    """A problem for each key below `value` that has no value."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        items = ((f"{path}.{key}", inner) for key, inner in value.items())
    elif isinstance(value, list):
        items = ((f"{path}[{number}]", inner) for number, inner in enumerate(value))
    for at, inner in items:
        if inner is None:
            yield f"{at}: expected a value, got None, leave the key out"
        yield from no_nulls(inner, at)


def no_empty_text(value: Any, path: str) -> Iterator[str]:
    """A problem for a text without a character that is shown."""
    if not str(value).strip():
        yield f"{path}: expected a name or an address, got {value!r}"

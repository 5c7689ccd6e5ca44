"""How a setting is defined: once, as metadata of its key's type annotation.

`servers: Annotated[int, Setting("How many servers.", default=3, rule=ODD)]` gives the type, the text, the default and
the rule. Refusals, the settings page and the JSON schema are made from it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

import pulumi

WORDS = {str: "text", int: "a whole number", bool: "true or false", dict: "a map", list: "a list"}
"""How messages name a type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which values of its type a setting takes."""

    expected: str
    """Completes "expected …, got …" in a refusal: `an odd number from 1 to 7`."""
    accepts: Callable[[Any], bool]
    schema: Mapping[str, Any] = field(default_factory=dict)
    """The rule in keywords of JSON Schema, as far as they can express it."""
    similar: Callable[[Any], Any] | None = None
    """Gives a similar value that the rule accepts, to show in a refusal; an empty one if there is none."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything about a setting but its type."""

    text: str
    """What it is, in Markdown."""
    change: str = ""
    """What a change of it does to a running cluster."""
    default: Any = None
    """Taken where the setting is missing; None where it then stays missing."""
    default_text: str = ""
    """Describes a default that is not a fixed value."""
    rule: Rule | None = None
    secret: bool = False
    """Whether messages must not show its values."""
    problems: Callable[[Any, str], Iterable[str]] | None = None
    """Checks what a rule cannot: takes the value, of a list each element, and its path, and gives whole messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The type of a setting, or of the values in a map or a list."""

    type: Any
    """`str`, `int`, `bool`, `dict`, `list`, or Any."""
    shape: Any = None
    """The TypedDict of a map whose keys are settings."""
    inner: "Kind | None" = None
    """The values of any other map, or of a list."""
    takes_outputs: bool = False
    """Whether the value may be an Output, since it is only passed on."""

    @property
    def word(self) -> str:
        """How messages name it."""
        return WORDS[self.type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a TypedDict of settings."""

    name: str
    kind: Kind
    required: bool
    setting: Setting


@cache
def keys_of(shape: Any) -> Mapping[str, Key]:
    """The settings of a TypedDict by name, in the order of its definition. Raises KeyError for one without Setting."""
    # pulumi.Input names Output[T] in quotes, which resolve only with these.
    hints = get_type_hints(shape, localns={"Output": pulumi.Output, "T": Any}, include_extras=True)
    return {name: _key(shape, name, hint) for name, hint in hints.items()}


def _key(shape: Any, name: str, hint: Any) -> Key:
    if get_origin(hint) in (Required, NotRequired):
        (hint,) = get_args(hint)
    described = [extra for extra in get_args(hint)[1:] if isinstance(extra, Setting)]
    if get_origin(hint) is not Annotated or not described:
        raise KeyError(f"{shape.__name__}.{name} has no Setting")
    return Key(name=name, kind=_kind(get_args(hint)[0]), required=name in shape.__required_keys__, setting=described[0])


def _kind(hint: Any) -> Kind:
    takes_outputs = get_origin(hint) in (Union, UnionType)
    if takes_outputs:
        hint = next(one for one in get_args(hint) if isinstance(get_origin(one) or one, type))
    if is_typeddict(hint):
        return Kind(type=dict, shape=hint, takes_outputs=takes_outputs)
    origin = get_origin(hint)
    if origin in (dict, list):
        return Kind(type=origin, inner=_kind(get_args(hint)[-1]), takes_outputs=takes_outputs)
    return Kind(type=hint, takes_outputs=takes_outputs)

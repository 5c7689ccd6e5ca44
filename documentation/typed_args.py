"""Reads args that are TypedDicts: each setting with its type, and with the docstring that follows it in the source."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import pulumi


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a TypedDict."""

    name: str
    kind: Any
    """Its type, without what says that it may be missing or an output."""
    required: bool
    meaning: str
    """Its docstring on one line, empty where it has none."""

    @property
    def inner(self) -> Any:
        """The TypedDict that it holds, also one for each name of a map; None where it holds none."""
        held = get_args(self.kind)[1] if get_origin(self.kind) is dict else self.kind
        return held if is_typeddict(held) else None


@dataclass(frozen=True, slots=True)
class Section:
    """All settings that stand below one path of a stack file."""

    path: str
    shape: Any
    settings: list[Setting]


def sections(shape: Any, path: str) -> Iterator[Section]:
    """The settings of `shape`, then of everything that they hold."""
    found = settings(shape)
    yield Section(path, shape, found)
    for setting in found:
        if setting.inner is not None:
            name = ".NAME" if get_origin(setting.kind) is dict else ""
            yield from sections(setting.inner, f"{path}.{setting.name}{name}")


def settings(shape: Any) -> list[Setting]:
    """The settings of one TypedDict, in the order of its source."""
    # The alias pulumi.Input names Output[T] in quotes, which only resolve with these.
    hints = get_type_hints(shape, localns={"Output": pulumi.Output, "T": Any})
    meanings = dict(_docstrings(shape))
    return [
        Setting(name, _plain(kind), name in shape.__required_keys__, meanings.get(name, ""))
        for name, kind in hints.items()
    ]


def _docstrings(shape: type) -> Iterator[tuple[str, str]]:
    (described,) = ast.parse(textwrap.dedent(inspect.getsource(shape))).body
    assert isinstance(described, ast.ClassDef)
    for node, following in pairwise(described.body):
        match node, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())


def _plain(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) in (Union, UnionType) else kind

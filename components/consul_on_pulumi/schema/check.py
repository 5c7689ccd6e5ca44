"""Checks arguments against the definitions of their settings. A stack file and a program pass the same check."""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from consul_on_pulumi.model.spelling import suggestion
from consul_on_pulumi.schema.definition import Key, Kind, keys_of


def refuse(problems: Iterable[str]) -> None:
    """Raise pulumi.RunError, whose text the engine prints without a traceback, if there is any problem."""
    if found := list(problems):
        raise pulumi.RunError("\n".join(["the settings are refused, nothing was changed:", *found]))


def checked(args: Any, shape: Any, path: str) -> tuple[list[str], dict[str, Any]]:
    """The problems of `args` as the TypedDict `shape`, and its sound part, completed with the defaults.

    Each problem starts with the path of its setting: `cluster.servers: expected an odd number from 1 to 7, got 4`.
    """
    if not isinstance(args, Mapping):
        return [f"{path}: expected a map, got {args!r}"], with_defaults(shape, {})
    keys = keys_of(shape)
    problems = [
        f"{path}.{name}: unknown setting{suggestion(str(name), keys.keys() - args.keys())}"
        for name in args
        if name not in keys
    ]
    problems += [f"{path}.{name}: required" for name, key in sorted(keys.items()) if key.required and name not in args]
    sound: dict[str, Any] = {}
    for name in sorted(keys.keys() & args.keys()):
        found, value = _checked_setting(args[name], keys[name], f"{path}.{name}")
        problems += found
        # What is empty only because all of it was refused would be refused again for being empty.
        if value is not None and not (found and not value):
            sound[name] = value
    return problems, with_defaults(shape, sound)


def with_defaults(shape: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """`args` with the default of every setting that is missing."""
    complete = dict(args)
    for name, key in keys_of(shape).items():
        default = key.setting.default
        if name not in args and default is not None:
            complete[name] = with_defaults(key.kind.shape, default) if key.kind.shape else default
    return complete


def _checked_setting(value: Any, key: Key, path: str) -> tuple[list[str], Any]:
    problems, sound = _checked_kind(value, key.kind, path, secret=key.setting.secret)
    if isinstance(sound, pulumi.Output) or (problems and not isinstance(sound, Mapping | list)):
        return problems, sound
    rule, further = key.setting.rule, key.setting.problems
    if rule and not rule.accepts(sound):
        similar = suggestion(sound, rule.schema.get("enum", ())) if isinstance(sound, str) else ""
        return [f"{path}: expected {rule.expected}, got {sound!r}{similar}"], None
    return [*problems, *(further(sound, path) if further else ())], sound


def _checked_kind(value: Any, kind: Kind, path: str, *, secret: bool) -> tuple[list[str], Any]:
    if isinstance(value, pulumi.Output):
        if kind.takes_outputs or kind.type is Any:
            return [], value
        return [f"{path}: expected {kind.word} that is known in a preview, got an Output"], None
    if kind.type is Any:
        return [], value
    if not isinstance(value, kind.type) or (kind.type is int and isinstance(value, bool)):
        return [f"{path}: expected {kind.word}" + ("" if secret else f", got {value!r}")], None
    if kind.shape:
        return checked(value, kind.shape, path)
    if kind.inner is None:
        return [], value
    is_list = kind.type is list
    results = {
        name: _checked_kind(inner, kind.inner, f"{path}[{name}]" if is_list else f"{path}.{name}", secret=secret)
        for name, inner in (enumerate(value) if is_list else value.items())
    }
    sound = {name: kept for name, (found, kept) in results.items() if kept is not None or not found}
    return [text for found, _ in results.values() for text in found], list(sound.values()) if is_list else sound

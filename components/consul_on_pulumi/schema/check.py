"""Checks arguments against the definitions of their settings. A stack file and a program pass the same check."""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

import pulumi

from consul_on_pulumi.model.spelling import suggestion
from consul_on_pulumi.outputs import has_outputs, is_output, when_known
from consul_on_pulumi.schema.definition import Key, Kind, Setting, keys_of

REASON = "since the program itself decides by it"
"""Why a setting takes no Output."""
Problems = Callable[[Any, str], Iterable[str]]


def refuse(problems: Iterable[str]) -> None:
    """Raise pulumi.RunError, whose text the engine prints without a traceback, if there is any problem."""
    if found := list(problems):
        raise pulumi.RunError("\n".join(["the settings are refused, nothing was changed:", *found]))


class Checked(dict[str, Any]):
    """The sound part of a map of settings, completed with the defaults."""

    refused: Set[str] = frozenset()
    """The settings that were given and refused. Each is missing here, or has its default."""


def is_refused(settings: Mapping[str, Any], name: str) -> bool:
    """Whether this setting was given and refused. Then a check of others does not take it for missing."""
    return isinstance(settings, Checked) and name in settings.refused


def checked(args: Any, shape: Any, path: str) -> tuple[list[str], dict[str, Any]]:
    """The problems of `args` as the TypedDict `shape`, and its sound part, completed with the defaults.

    Each problem starts with the path of its setting: `cluster.servers: expected an odd number from 1 to 7, got 4`.
    """
    if not isinstance(args, Mapping):
        return [f"{path}: expected a map, got {args!r}"], checked({}, shape, path)[1]
    keys = keys_of(shape)
    problems = [
        f"{path}.{name}: unknown setting{suggestion(str(name), keys.keys() - args.keys())}"
        for name in args
        if name not in keys
    ]
    problems += [f"{path}.{name}: required" for name, key in sorted(keys.items()) if key.required and name not in args]
    sound = Checked()
    for name in sorted(keys.keys() & args.keys()):
        found, value = _checked_setting(args[name], keys[name], f"{path}.{name}")
        problems += found
        # What is empty only because all of it was refused would be refused again for being empty.
        if value is not None and not (found and not value):
            sound[name] = value
    sound.refused = keys.keys() & args.keys() - sound.keys()
    for name, key in keys.items():
        if name not in sound and key.setting.default is not None:
            _, sound[name] = _checked_setting(key.setting.default, key, path)
    return problems, sound


def _checked_setting(value: Any, key: Key, path: str) -> tuple[list[str], Any]:
    if is_output(value) and key.kind.takes_outputs:
        return [], when_known(value, lambda known: _checked_setting(known, key, path)[0])
    problems, sound = _checked_kind(value, key.kind, path, key.setting)
    if sound is None or is_output(sound):
        return problems, sound
    rule, further = key.setting.rule, key.setting.problems
    if rule and not rule.accepts(sound):
        if key.setting.secret:
            return [f"{path}: expected {rule.expected}"], None
        hint = suggestion(sound, rule.schema.get("enum", ())) if isinstance(sound, str) else ""
        if rule.similar and (similar := rule.similar(sound)):
            hint = f", set `{key.name}: {similar}`"
        return [f"{path}: expected {rule.expected}, got {sound!r}{hint}"], None
    if further is None or isinstance(sound, list):
        return problems, sound
    found = list(further(_known(sound) if key.kind.inner else sound, path))
    return [*problems, *found], sound if isinstance(sound, Mapping) or not found else None


def _checked_kind(value: Any, kind: Kind, path: str, setting: Setting) -> tuple[list[str], Any]:
    if is_output(value):
        if kind.type is Any:
            return [], value
        if kind.takes_outputs:
            return [], when_known(value, lambda known: _checked_kind(known, kind, path, setting)[0])
        return [f"{path}: expected {kind.word} that is known in a preview, {REASON}, got an Output"], None
    if kind.type is Any:
        return [], value
    if not isinstance(value, kind.type) or (kind.type is int and isinstance(value, bool)):
        return [f"{path}: expected {kind.word}" + ("" if setting.secret else f", got {value!r}")], None
    if kind.shape:
        return checked(value, kind.shape, path)
    if kind.inner is None:
        return [], value
    if kind.type is list:
        return _checked_list(value, kind.inner, path, setting)
    return _checked_map(value, kind.inner, path, setting)


def _checked_map(
    values: Mapping[str, Any], kind: Kind, path: str, setting: Setting
) -> tuple[list[str], dict[str, Any]]:
    """Each value is checked by itself, as soon as it is known."""
    problems: list[str] = []
    sound = {}
    for name, value in values.items():
        found, kept = _checked_kind(value, kind, f"{path}.{name}", setting)
        problems += found
        if is_output(kept) and setting.problems and kind.type is not Any:
            kept = when_known(kept, _of_value(setting.problems, name, path))
        if kept is not None or not found:
            sound[name] = kept
    return problems, sound


def _of_value(problems: Problems, name: str, path: str) -> Callable[[Any], Iterable[str]]:
    """The check of a map for one value of it."""
    return lambda value: problems({name: value}, path)


def _checked_list(elements: Iterable[Any], kind: Kind, path: str, setting: Setting) -> tuple[list[str], list[Any]]:
    """Each element is checked at its own position: what is sound has other positions once others are left out."""
    problems: list[str] = []
    sound = []
    for number, element in enumerate(elements):
        at = f"{path}[{number}]"
        found, kept = _checked_kind(element, kind, at, setting)
        if not found and setting.problems:
            if has_outputs(kept):
                kept = when_known(kept, _at(setting.problems, at))
            else:
                found = list(setting.problems(kept, at))
        problems += found
        sound += [] if found else [kept]
    return problems, sound


def _at(problems: Problems, path: str) -> Callable[[Any], Iterable[str]]:
    return lambda value: problems(value, path)


def _known(value: Any) -> Any:
    """A map without the values that are outputs; anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    return {name: _known(inner) for name, inner in value.items() if not is_output(inner)}

"""Checks arguments against the definitions of their settings. A stack file and a program pass the same check."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import pulumi

from consul_on_pulumi.model.spelling import suggestion
from consul_on_pulumi.schema.definition import Key, Kind, Setting, keys_of


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
    problems, sound = _checked_kind(value, key.kind, path, key.setting)
    if sound is None or isinstance(sound, pulumi.Output):
        return problems, sound
    rule, further = key.setting.rule, key.setting.problems
    if rule and not rule.accepts(sound):
        hint = suggestion(sound, rule.schema.get("enum", ())) if isinstance(sound, str) else ""
        if rule.similar and (similar := rule.similar(sound)):
            hint = f", set `{key.name}: {similar}`"
        return [f"{path}: expected {rule.expected}, got {sound!r}{hint}"], None
    if further is None or isinstance(sound, list):
        return problems, sound
    found = list(further(sound, path))
    return [*problems, *found], sound if isinstance(sound, Mapping) or not found else None


def _checked_kind(value: Any, kind: Kind, path: str, setting: Setting) -> tuple[list[str], Any]:
    if isinstance(value, pulumi.Output):
        if kind.takes_outputs or kind.type is Any:
            return [], value
        return [f"{path}: expected {kind.word} that is known in a preview, got an Output"], None
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
    results = {name: _checked_kind(inner, kind.inner, f"{path}.{name}", setting) for name, inner in value.items()}
    sound = {name: kept for name, (found, kept) in results.items() if kept is not None or not found}
    return [text for found, _ in results.values() for text in found], sound


def _checked_list(elements: Iterable[Any], kind: Kind, path: str, setting: Setting) -> tuple[list[str], list[Any]]:
    """Each element is checked at its own position: what is sound has other positions once others are left out."""
    problems: list[str] = []
    sound = []
    for number, element in enumerate(elements):
        found, kept = _checked_kind(element, kind, f"{path}[{number}]", setting)
        if not found and setting.problems and not isinstance(kept, pulumi.Output):
            found = list(setting.problems(kept, f"{path}[{number}]"))
        problems += found
        sound += [] if found else [kept]
    return problems, sound

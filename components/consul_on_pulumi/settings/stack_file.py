"""From the stack file to the args of a component: the stack file is those args, spelled in YAML."""

from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

import pulumi

from consul_on_pulumi.model.spelling import suggestion
from consul_on_pulumi.settings import agent_secrets, seed_secrets
from consul_on_pulumi.settings.refusals import refuse

Args = TypeVar("Args")

_WORDS = {str: "text", int: "a whole number", bool: "true or false", dict: "a map", list: "a list"}


def read(
    config: pulumi.Config, key: str, shape: type[Args], meaning: Callable[[Mapping[str, Any], str], Iterable[str]]
) -> Args:
    """The object under `key` as `shape`, a TypedDict; `meaning` checks what types cannot say.

    Raises pulumi.RunError with every problem: `cluster.datacentre: unknown setting, did you mean datacenter?`
    """
    raw = config.get_object(key)
    if raw is None:
        refuse([f"{key}: required, set {config.name}:{key} in the stack file"])
    if pulumi.runtime.is_config_secret(f"{config.name}:{key}"):
        refuse(
            [
                f"{key}: holds an encrypted value, which would be readable on the agents, leave it out; "
                f"secret seeds and secret files have places of their own, {seed_secrets.KEY} and {agent_secrets.KEY}"
            ]
        )
    plain, hidden = list[str](), list[str]()
    if isinstance(raw, Mapping):
        plain, raw = seed_secrets.apart(raw, key)
        for join in (seed_secrets.joined, agent_secrets.joined):
            faults, raw = join(config, raw)
            hidden += faults
    found, sound = check(raw, shape, key)
    refuse([*plain, *hidden, *found, *(meaning(sound, key) if sound is not None else [])])
    return cast(Args, sound)


def check(value: Any, shape: Any, path: str) -> tuple[list[str], Any]:
    """The problems of `value` as a `shape`, and as much of it as has none."""
    shape = _plain(shape)
    if shape is Any or isinstance(value, pulumi.Output):
        return [], value
    if is_typeddict(shape) and isinstance(value, Mapping):
        return _check_keys(value, shape, path)
    if get_origin(shape) is dict and isinstance(value, Mapping):
        return _check_values(value, get_args(shape)[1], path)
    kind = dict if is_typeddict(shape) else get_origin(shape) or shape
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return [], value
    return [f"{path}: expected {_WORDS[kind]}, got {value!r}"], None


def _check_keys(value: Mapping[str, Any], shape: Any, path: str) -> tuple[list[str], dict[str, Any]]:
    # The alias pulumi.Input names Output[T] in quotes, which only resolve with these.
    hints = get_type_hints(shape, localns={"Output": pulumi.Output, "T": Any})
    problems = [
        f"{path}.{key}: unknown setting{suggestion(str(key), hints.keys() - value.keys())}"
        for key in value
        if key not in hints
    ]
    problems += [f"{path}.{key}: required" for key in sorted(shape.__required_keys__) if key not in value]
    sound = {}
    for key in sorted(hints.keys() & value.keys()):
        found, kept = check(value[key], hints[key], f"{path}.{key}")
        problems += found
        # What is empty only because all in it was refused would be refused once more for being empty.
        if kept is not None and not (found and not kept):
            sound[key] = kept
    return problems, sound


def _check_values(value: Mapping[str, Any], shape: Any, path: str) -> tuple[list[str], dict[str, Any]]:
    problems: list[str] = []
    sound = {}
    for key, inner in value.items():
        found, kept = check(inner, shape, f"{path}.{key}")
        problems += found
        if kept is not None or not found:
            sound[key] = kept
    return problems, sound


def _plain(shape: Any) -> Any:
    """A stack file holds no outputs, so an Input[T] is a T here."""
    if get_origin(shape) in (Union, UnionType):
        return next(kind for kind in get_args(shape) if isinstance(kind, type))
    return shape

"""Agent configuration with values that are known only later. It is readable on every agent, so none may be secret."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pulumi

from consul_on_pulumi.outputs import has_outputs, is_output, refuse_known, when_known

SECRET = "is secret, and would be readable by everyone who may inspect the container"
"""Why a secret value is refused."""
INTO_A_FILE = "write it into a file of `agent_secrets`, which is encrypted"
WITHOUT_CREDENTIALS = "give a name or an address without credentials, with `pulumi.Output.unsecret` if it is no secret"


def watched(config: Mapping[str, Any], path: str, problems: Callable[[Any], Iterable[str]]) -> dict[str, Any]:
    """The configuration, none of whose outputs can be used before the whole was checked with `problems`."""
    if not has_outputs(config):
        return dict(config)
    public = _each_output(config, path, partial(_public, INTO_A_FILE))
    accepted = when_known(public, problems)
    found: dict[str, Any] = _each_output(public, path, lambda one, _: pulumi.Output.all(one, accepted).apply(_first))
    return found


def public_addresses(join: list[Any], path: str) -> list[Any]:
    """The addresses of `join`, which become a part of the agent configuration."""
    found: list[Any] = _each_output(join, path, partial(_public, WITHOUT_CREDENTIALS))
    return found


def _each_output(value: Any, path: str, function: Callable[[Any, str], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _each_output(inner, f"{path}.{key}", function) for key, inner in value.items()}
    if isinstance(value, list):
        return [_each_output(inner, f"{path}[{number}]", function) for number, inner in enumerate(value)]
    return function(value, path) if is_output(value) else value


def _public(instead: str, value: Any, path: str) -> pulumi.Output[Any]:
    """The value, which is refused if it is secret: also in a preview that does not know it yet."""
    output = pulumi.Output.from_input(value)

    async def accepted(known: Any) -> Any:
        if await output.is_secret():
            await refuse_known([f"{path}: {SECRET}: {instead}"])
        return known

    return output.apply(accepted, run_with_unknowns=True)


def _first(values: list[Any]) -> Any:
    return values[0]

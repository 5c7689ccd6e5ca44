"""Values that are known only later: what a `pulumi.Input` may be beside a plain value. A plain value stays plain."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from inspect import isawaitable
from typing import Any

import pulumi

from consul_on_pulumi.run import mocks

GOT = ", got "
"""Precedes the value in a refusal."""
HOOKS_START = 1.0
"""Seconds for the SDK to start its server of hooks. A program that fails meanwhile stops that server, and then the
process ends without a word: segmentation fault (grpcio 1.85, pulumi 3.259 runtime/stack.py, run_pulumi_func)."""


def is_output(value: Any) -> bool:
    """Whether this is an Output, or an awaitable that becomes one."""
    return isinstance(value, pulumi.Output) or isawaitable(value)


def has_outputs(value: Any) -> bool:
    """Whether there is an Output anywhere in these maps and lists."""
    if isinstance(value, Mapping):
        return any(map(has_outputs, value.values()))
    return any(map(has_outputs, value)) if isinstance(value, list) else is_output(value)


def lifted(function: Callable[[Any], Any], value: Any) -> Any:
    """What `function` makes of the value: an Output if there is one in the value."""
    return pulumi.Output.from_input(value).apply(function) if has_outputs(value) else function(value)


def when_known(value: Any, problems: Callable[[Any], Iterable[str]]) -> pulumi.Output[Any]:
    """The value, which is refused when it is known and has problems; no message shows a secret.

    What the mocks of a unit test leave out is None, and no problem.
    """
    output = pulumi.Output.from_input(value)

    async def accepted(known: Any) -> Any:
        if known is None and mocks():
            return None
        found = list(problems(known))
        if found and await output.is_secret():
            found = [problem.partition(GOT)[0] for problem in found]
        await refuse_known(found)
        return known

    return output.apply(accepted)


async def refuse_known(problems: Iterable[str]) -> None:
    """Raise pulumi.RunError if a value that became known has problems. Others may have been used by then."""
    if found := list(problems):
        if not mocks():
            await asyncio.sleep(HOOKS_START)
        raise pulumi.RunError("\n".join(["the settings are refused:", *found]))

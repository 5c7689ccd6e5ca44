"""Values that are known only later: what a `pulumi.Input` may be beside a plain value. A plain value stays plain."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
    return any(True for _ in outputs_in(value))


def lifted(function: Callable[[Any], Any], value: Any) -> Any:
    """What `function` makes of the value: an Output if there is one in its maps and lists.

    `Output.from_input` would make one of each plain value too: for containers nearly half of all Outputs of a program.
    """
    found = list(outputs_in(value))
    if not found:
        return function(value)

    def of_known(known: list[Any]) -> Any:
        left = iter(known)
        return function(each(value, lambda one: next(left) if is_output(one) else one))

    return pulumi.Output.all(*found).apply(of_known)


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """These maps and lists with each value in them changed, in their order."""
    if isinstance(value, Mapping):
        return {key: each(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [each(one, change) for one in value]
    return change(value)


def outputs_in(value: Any) -> Iterator[Any]:
    """Every Output and awaitable in these maps and lists, in their order."""
    if isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from outputs_in(one)
    elif is_output(value):
        yield value


def without_resources(value: Any, kept: Sequence[Any] = ()) -> Any:
    """The value with Outputs that belong to no resource, except those of `kept`."""

    def plain(one: Any) -> Any:
        if not isinstance(one, pulumi.Output) or any(one is other for other in kept):
            return one
        found = partial(one.future, with_unknowns=True)
        return pulumi.Output(set(), _WhenAsked(found), _WhenAsked(one.is_known), _WhenAsked(one.is_secret))

    return each(value, plain)


def of_resource(resource: pulumi.Resource, value: Any) -> pulumi.Output[Any]:
    """An output of this resource whose value is known before it exists."""

    async def now() -> Any:
        return value

    return pulumi.Output({resource}, now(), _true())


def resources_of(value: Any) -> pulumi.Output[Any]:
    """For `depends_on`: all resources of the Outputs in these maps and lists, and no value."""

    async def resources() -> set[pulumi.Resource]:
        found = [one for one in outputs_in(value) if isinstance(one, pulumi.Output)]
        return set().union(*[await one.resources() for one in found])

    async def nothing() -> None:
        return None

    return pulumi.Output(_WhenAsked(resources), _WhenAsked(nothing), _WhenAsked(_true))


async def _true() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _WhenAsked:
    """Makes its coroutine when it is awaited: Python warns of one that never is, as after a refusal."""

    make: Callable[[], Awaitable[Any]]

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.make().__await__()


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

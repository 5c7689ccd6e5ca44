"""Which connection a resource has, from its component in the program to each method of its provider."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import pulumi

from consul_on_pulumi.consul.connection import CONNECTION, Connection, connection_of, used, with_token

R = TypeVar("R")

_components: WeakKeyDictionary[pulumi.Resource, pulumi.Output[Connection]] = WeakKeyDictionary()


def connect(component: pulumi.Resource, parts: Mapping[str, pulumi.Input[Any]]) -> None:
    """Give the children of a component, registered from now on, a connection of these parts; none without parts."""
    if parts:
        _components[component] = pulumi.Output.secret(cast(Connection, dict(parts)))


def share(component: pulumi.Resource, other: pulumi.Resource | None) -> None:
    """Give the children of a component the connection of another one."""
    if other and (found := _components.get(other)) is not None:
        _components[component] = found


def of(component: pulumi.Resource | None) -> pulumi.Output[Connection]:
    """The connection of the children of a component."""
    found = _components.get(component) if component else None
    return pulumi.Output.from_input(Connection()) if found is None else found


def inputs(opts: pulumi.ResourceOptions | None) -> dict[str, pulumi.Output[Connection]]:
    """The inputs of a resource with these options."""
    found = _components.get(opts.parent) if opts and opts.parent else None
    return {} if found is None else {CONNECTION: found}


def connected(method: Callable[..., R]) -> Callable[..., R]:
    """`method` of a provider, whose requests have the connection in its last argument and the provider's own token."""

    @wraps(method)
    def called(provider: Any, *args: Any) -> R:
        props = args[-1]
        connection = connection_of(props) if isinstance(props, Mapping) else Connection()
        with used(with_token(connection, provider.token)):
            return method(provider, *args)

    return called

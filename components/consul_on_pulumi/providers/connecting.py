"""Which connection a resource has, from its component in the program to each method of its provider.

It is an input that no provider compares. The engine stores the inputs of a resource that does not change, too, but
leaves its outputs as they were; so a method that gets old outputs is given the newest connection that is known instead.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.rpc import deserialize_properties

from consul_on_pulumi.model.connection import CONNECTION, Connection, connection_of
from consul_on_pulumi.providers.failures import served

R = TypeVar("R")

_components: WeakKeyDictionary[pulumi.Resource, pulumi.Output[Connection]] = WeakKeyDictionary()
_newest: dict[tuple[str, str], Connection] = {}
"""The connections of this update, by cluster and place, in the process that serves dynamic providers: the engine starts
one for each update."""


def connect(component: pulumi.Resource, cluster: str, parts: Mapping[str, pulumi.Input[Any]]) -> None:
    """Give the children of a component a connection of these parts to a cluster; none where there are no parts."""
    if parts:
        _components[component] = pulumi.Output.secret(cast(Connection, {"cluster": cluster, **parts}))


def share(component: pulumi.Resource, other: pulumi.Resource | None) -> None:
    """Give the children of a component the connection of another one."""
    if other and (found := _components.get(other)) is not None:
        _components[component] = found


def of(component: pulumi.Resource | None) -> pulumi.Output[Connection]:
    """The connection of the children of a component; an empty one where the environment alone says where it is."""
    found = _components.get(component) if component else None
    return pulumi.Output.from_input(Connection()) if found is None else found


def inputs(opts: pulumi.ResourceOptions | None) -> dict[str, pulumi.Output[Connection]]:
    """The inputs of a resource with these options: none where the environment alone says where the cluster is."""
    found = _components.get(opts.parent) if opts and opts.parent else None
    return {} if found is None else {CONNECTION: found}


def provider_settings(
    component: pulumi.Resource, kind: str, keys: Sequence[str], way_out: str
) -> dict[str, pulumi.Input[Any]]:
    """The settings among `keys` of the provider that a component has for resources of this type; else those of the
    stack's configuration for its package. Empty where there is neither.

    The first of the `keys` is one that every such provider has. Raises pulumi.RunError for one that hides it.
    """
    package = kind.partition(":")[0]
    if (provider := component.get_provider(kind)) is None:
        config = pulumi.Config(package)
        found = {key: config.get_secret(_camel(key)) for key in keys if config.get(_camel(key))}
        return {key: value for key, value in found.items() if value is not None}
    if keys[0] not in vars(provider):
        raise pulumi.RunError(
            f"platform.{package}: expected a provider whose `{keys[0]}` this program can read, got one that hides it: "
            f"nobody would know which cluster is meant. {way_out}"
        )
    return {key: _set(vars(provider)[key]) for key in keys if key in vars(provider)}


def _set(setting: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """A setting of a provider that is known to be missing: a preview calls it unknown, but of no value."""

    async def known() -> bool:
        return await setting.is_known() or await setting.future(with_unknowns=True) is None

    return pulumi.Output(setting.resources(), setting.future(with_unknowns=True), known(), setting.is_secret())


def connected(method: Callable[..., R]) -> Callable[..., R]:
    """`method` of a provider, with the same connection in all properties that it gets."""

    @wraps(method)
    def called(provider: Any, *args: Any) -> R:
        props = args[-1]
        if method.__name__ in ("read", "delete"):
            stored = connection_of(_stored()) or connection_of(props)
            connection: Any = _newest.get(_key(stored), stored)
        else:
            connection = props.get(CONNECTION)
            if isinstance(connection, Mapping):
                _newest[_key(connection_of(props))] = connection_of(props)
        return method(provider, *(_with(one, connection) if isinstance(one, dict) else one for one in args))

    return called


def _with(props: dict[str, Any], connection: Any) -> dict[str, Any]:
    rest = {name: value for name, value in props.items() if name != CONNECTION}
    return {**rest, CONNECTION: connection} if connection else rest


def _key(connection: Connection) -> tuple[str, str]:
    return connection.get("cluster", ""), connection.get("place", "")


def _stored() -> dict[str, Any]:
    """The inputs that the state holds of the resource for which the engine calls; none outside of a call."""
    request = served("request")
    found = getattr(request, "old_inputs", None) or getattr(request, "inputs", None)
    return deserialize_properties(found) if found else {}


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(map(str.capitalize, rest))

"""Which connection a resource has, from its component in the program to each method of its provider.

It is an input that no provider compares. The engine stores the inputs of a resource that does not change, too, but
leaves its outputs as they were; so a method that gets old outputs is given the newest connection that is known instead.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from operator import methodcaller
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.invoke import invoke_output
from pulumi.runtime.rpc import deserialize_properties

from consul_on_pulumi.model.connection import CONNECTION, CREDENTIALS, UNKNOWN, Connection, connection_of, with_token
from consul_on_pulumi.providers import hosting
from consul_on_pulumi.providers.failures import served

GET_RESOURCE = "pulumi:pulumi:getResource"
"""The engine's function that gives the state of a resource of this update."""
R = TypeVar("R")

_components: WeakKeyDictionary[pulumi.Resource, pulumi.Output[Connection]] = WeakKeyDictionary()
_generated: WeakKeyDictionary[pulumi.Resource, pulumi.Output[Connection]] = WeakKeyDictionary()
_newest: dict[tuple[str, str], Connection] = {}
"""The connections of this update, by cluster and place, in the process that serves dynamic providers: the engine starts
one for each update."""


def connect(component: pulumi.Resource, cluster: str, parts: Mapping[str, pulumi.Input[Any]]) -> None:
    """Give the children of a component a connection of these parts to a cluster; none where there are no parts."""
    if parts:
        _components[component] = pulumi.Output.secret(cast(Connection, {"cluster": cluster, **parts}))


def share_credentials(component: pulumi.Resource, cluster: str, parts: Mapping[str, pulumi.Input[Any]]) -> None:
    """Give the children of the component of a closed `cluster`, from now on, the credentials generated for it.

    They are an input of their own, so that a preview knows the rest of the connection. A method gets both as one, and
    what it returns is secret because that input is: there is always one.
    """
    if component not in _components:
        connect(component, cluster, {"closed": True})
    _generated[component] = pulumi.Output.secret(cast(Connection, {"cluster": cluster, **parts}))


def share(component: pulumi.Resource, other: pulumi.Resource | None) -> None:
    """Give the children of a component the connection of another one."""
    for known in (_components, _generated):
        if other and (found := known.get(other)) is not None:
            known[component] = found


def of(component: pulumi.Resource | None) -> pulumi.Output[Connection]:
    """The connection of the children of a component; an empty one where the environment alone says where it is."""
    found = inputs(pulumi.ResourceOptions(parent=component))
    return pulumi.Output.all(**found).apply(connection_of) if found else pulumi.Output.from_input(Connection())


def inputs(opts: pulumi.ResourceOptions | None) -> dict[str, pulumi.Output[Connection]]:
    """The inputs of a resource with these options: none where the environment alone says where the cluster is."""
    parts = {CONNECTION: _components, CREDENTIALS: _generated}
    parent = opts.parent if opts else None
    return {name: known[parent] for name, known in parts.items() if parent and parent in known}


def provider_settings(
    component: pulumi.Resource, kind: str, keys: Sequence[str], way_out: str
) -> dict[str, pulumi.Input[Any]]:
    """The settings among `keys` of the provider that a component has for resources of this type; else those of the
    stack's configuration for its package. Empty where there is neither.

    The first of the `keys` is one that every such provider has. Raises pulumi.RunError for one that hides it.
    """
    package = kind.partition(":")[0]
    if (provider := component.get_provider(kind)) is None:
        return {key: pulumi.Output.secret(value) for key, value in stack_settings(package, keys).items()}
    if hosting.options() is not None:
        # The plugin gets a reference to it.
        state: pulumi.Output[Any] = provider.urn.apply(lambda urn: invoke_output(GET_RESOURCE, {"urn": urn}))["state"]
        return {key: state.apply(methodcaller("get", _camel(key))) for key in keys}
    if keys[0] not in vars(provider):
        raise pulumi.RunError(
            f"platform.{package}: expected a provider whose `{keys[0]}` this program can read, got one that hides it, "
            f"so this program cannot tell which cluster it uses. {way_out}"
        )
    return {key: _set(vars(provider)[key]) for key in keys if key in vars(provider)}


def stack_settings(package: str, keys: Sequence[str]) -> dict[str, str]:
    """Those of the `keys` that the stack's configuration sets for the providers of a package."""
    config = pulumi.Config(package)
    return {key: value for key in keys if (value := config.get(_camel(key)))}


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
            connection = connection_of(props) or None
            if connection and CREDENTIALS in props and not isinstance(props[CREDENTIALS], Mapping):
                # A preview that generates other credentials asks with those that are valid now.
                connection = {**_credentials(_stored() or (args[-2] if len(args) > 1 else {})), **connection}
            if connection and UNKNOWN not in connection:
                _newest[_key(connection)] = connection
        if connection:
            connection = with_token(connection, provider.token)
        return method(provider, *(_with(one, connection) if isinstance(one, dict) else one for one in args))

    return called


def _with(props: dict[str, Any], connection: Any) -> dict[str, Any]:
    rest = {name: value for name, value in props.items() if name not in (CONNECTION, CREDENTIALS)}
    # A new resource has no old properties.
    return {**rest, CONNECTION: connection} if connection and rest else rest


def _credentials(stored: Any) -> Any:
    found = connection_of(stored) if isinstance(stored, Mapping) else {}
    return {key: value for key, value in found.items() if key != UNKNOWN}


def _key(connection: Connection) -> tuple[str, str]:
    return connection.get("cluster", ""), connection.get("place", "")


def _stored() -> dict[str, Any]:
    """The inputs that the state holds of the resource for which the engine calls; none outside of a call."""
    if (found := hosting.stored()) is not None:
        return dict(found)
    request = served("request")
    inputs = getattr(request, "old_inputs", None) or getattr(request, "inputs", None)
    return deserialize_properties(inputs) if inputs else {}


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(map(str.capitalize, rest))

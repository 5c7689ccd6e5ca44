"""Values on the wire between the engine and the plugin.

The SDK's own reading makes a whole argument an Output where one value in it is secret. Here each secret, unknown or
dependent value is an Output of its own, so the rest can be checked and compared.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from google.protobuf import struct_pb2
from pulumi.resource import DependencyResource
from pulumi.runtime import rpc

from consul_on_pulumi.outputs import each

NOTHING = struct_pb2.Value()


def arguments(inputs: struct_pb2.Struct) -> dict[str, Any]:
    """The arguments of a component, with an Output at each value that is secret, unknown or of another resource."""
    return {name: _read(value) for name, value in inputs.fields.items() if value.WhichOneof("kind") != "null_value"}


def _read(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    match kind:
        case "struct_value":
            return _read_map(value.struct_value)
        case "list_value":
            return [_read(one) for one in value.list_value.values]
        case "number_value":
            # On the wire every number is a float.
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value" if value.string_value == rpc.UNKNOWN:
            return _output(None, known=False)
        case "null_value":
            return None
    return getattr(value, str(kind))


def _read_map(found: struct_pb2.Struct) -> Any:
    fields = dict(found.fields)
    match fields[rpc._special_sig_key].string_value if rpc._special_sig_key in fields else "":
        case "":
            return arguments(found)
        case rpc._special_secret_sig:
            return each(_read(fields["value"]), pulumi.Output.secret)
        case rpc._special_output_value_sig:
            urns = [one.string_value for one in fields.get("dependencies", NOTHING).list_value.values]
            secret = fields.get("secret", NOTHING).bool_value
            if "value" not in fields:
                return _output(None, known=False, secret=secret, urns=urns)
            inner = _read(fields["value"])
            # Not the whole: its keys decide what is created.
            return each(inner, lambda one: _output(one, secret=secret, urns=urns)) if secret or urns else inner
    return rpc.deserialize_property(found)


def _output(value: Any, *, known: bool = True, secret: bool = False, urns: Iterable[str] = ()) -> pulumi.Output[Any]:
    if isinstance(value, pulumi.Output):
        return pulumi.Output.secret(value) if secret else value

    def done(result: Any) -> "asyncio.Future[Any]":
        future = asyncio.get_event_loop().create_future()
        future.set_result(result)
        return future

    return pulumi.Output({DependencyResource(urn) for urn in urns}, done(value), done(known), done(secret))


def secret_names(properties: struct_pb2.Struct) -> set[str]:
    """The properties with a secret in them."""
    return {name for name, value in properties.fields.items() if rpc._special_secret_sig in str(value)}


def plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    """Properties without marks of secrets, as the SDK passes them to dynamic providers; unknown values stay marked."""
    found = rpc.deserialize_properties(properties, keep_unknowns=True)
    return {name: rpc.unwrap_rpc_secret(value) for name, value in found.items()}


async def marked(properties: Mapping[str, Any], secret: Iterable[str]) -> struct_pb2.Struct:
    """Properties on the wire, with these marked as secrets: the engine marks none that a plugin returns."""
    # Not by Outputs: the SDK marks them only where it knows a program's monitor, which a call of a provider has not.
    made = await rpc.serialize_properties(dict(properties), {})
    for name in set(secret) & set(made.fields):
        inner = struct_pb2.Value()
        inner.CopyFrom(made.fields[name])
        mark = {rpc._special_sig_key: struct_pb2.Value(string_value=rpc._special_secret_sig), "value": inner}
        made.fields[name].CopyFrom(struct_pb2.Value(struct_value=struct_pb2.Struct(fields=mark)))
    return made

"""The plugin's calls: what the SDK's server of components lacks is served by the dynamic providers of this package.

A resource names its provider as that of a Python program does: both states are the same but for the type.
"""

import asyncio
import base64
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import dill
import grpc
import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.provider.server import ProviderServicer
from pulumi.runtime import proto

from consul_on_pulumi.plugin import origin, values
from consul_on_pulumi.providers import detailed_diff, hosting
from consul_on_pulumi.providers.provider import ConsulProvider

_THREADS = ThreadPoolExecutor(32)
"""Of providers alone. The SDK's registrations fill the threads of the event loop while they wait for providers."""


class Servicer(ProviderServicer):
    """Components and resources in one process. The calls of providers run in threads: they wait for servers."""

    async def Construct(self, request: Any, context: Any) -> Any:
        """A component. What it refuses is shown as it is."""
        hosting.begin_component(origin.options())
        try:
            return await self._construct(request, context)
        except pulumi.RunError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    @staticmethod
    async def _construct_inputs(inputs: struct_pb2.Struct, input_dependencies: Any) -> dict[str, Any]:
        return values.arguments(inputs)

    async def Configure(self, request: Any, context: Any) -> Any:
        """Nothing is configured: each cluster has its own settings."""
        return proto.ConfigureResponse(acceptSecrets=True, acceptResources=True, acceptOutputs=True)

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        """The configuration as it is. Not answered in a thread of the event loop, for the reason above."""
        return proto.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        """Nothing is configured, so nothing is replaced."""
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE)

    async def Check(self, request: Any, context: Any) -> Any:
        olds, news = values.plain(request.olds), values.plain(request.news)
        result = await _called(request, context, provider_of(news).check, olds, news)
        inputs = {**result.inputs, PROVIDER_KEY: news[PROVIDER_KEY]}
        failures = [proto.CheckFailure(property=one.property, reason=one.reason) for one in result.failures]
        return proto.CheckResponse(
            inputs=await values.marked(inputs, values.secret_names(request.news)), failures=failures
        )

    async def Diff(self, request: Any, context: Any) -> Any:
        olds, news = values.plain(request.olds), values.plain(request.news)

        def diff() -> Any:
            result = provider_of(news).diff(request.id, olds, news)
            kinds = {None: proto.DiffResponse.DIFF_UNKNOWN, True: proto.DiffResponse.DIFF_SOME}
            return detailed_diff.response(
                changes=kinds.get(result.changes, proto.DiffResponse.DIFF_NONE),
                replaces=result.replaces or [],
                deleteBeforeReplace=bool(result.delete_before_replace),
            )

        return await _called(request, context, diff)

    async def Create(self, request: Any, context: Any) -> Any:
        props = values.plain(request.properties)
        result = await _called(request, context, provider_of(props).create, props)
        return proto.CreateResponse(id=result.id, properties=await _outputs(result.outs, props, request.properties))

    async def Update(self, request: Any, context: Any) -> Any:
        olds, news = values.plain(request.olds), values.plain(request.news)
        result = await _called(request, context, provider_of(news).update, request.id, olds, news)
        return proto.UpdateResponse(properties=await _outputs(result.outs, news, request.news))

    async def Read(self, request: Any, context: Any) -> Any:
        props = values.plain(request.properties)
        result = await _called(request, context, provider_of(props).read, request.id, props)
        fields = {"id": result.id, "properties": await _outputs(result.outs, props, request.properties)}
        if result.inputs is not None:
            fields["inputs"] = await _outputs(result.inputs, props, request.properties)
        return proto.ReadResponse(**fields)

    async def Delete(self, request: Any, context: Any) -> Any:
        props = values.plain(request.properties)
        await _called(request, context, provider_of(props).delete, request.id, props)
        return empty_pb2.Empty()


def provider_of(props: Mapping[str, Any]) -> ConsulProvider:
    """The dynamic provider that the inputs or the state of a resource name."""
    return _loaded(props[PROVIDER_KEY])


@cache
def _loaded(serialized: str) -> ConsulProvider:
    provider: ConsulProvider = dill.loads(base64.b64decode(serialized))
    return provider


async def _called(request: Any, context: Any, method: Callable[..., Any], *args: Any) -> Any:
    """What `method` returns. Its error ends the call with its own text."""
    inputs = getattr(request, "old_inputs", None) or getattr(request, "inputs", None)
    hosting.begin_provider(values.plain(inputs) if inputs else {})
    run = partial(contextvars.copy_context().run, _ended, method, *args)
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, run)
    except Exception as error:
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _ended(method: Callable[..., Any], *args: Any) -> Any:
    try:
        return method(*args)
    except StopIteration as error:
        # A future of asyncio takes no such error: whoever awaits it would wait forever.
        raise RuntimeError(f"{method.__qualname__} looked for something that is not there") from error


async def _outputs(
    outs: Mapping[str, Any] | None, props: Mapping[str, Any], given: struct_pb2.Struct
) -> struct_pb2.Struct:
    """Outputs on the wire. They name the provider, as in a Python program: each takes over the state of the other."""
    return await values.marked({**(outs or {}), PROVIDER_KEY: props[PROVIDER_KEY]}, values.secret_names(given))

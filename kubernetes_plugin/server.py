"""The gRPC server: Pulumi's own servicer, with what it lacks: partial failures, readable errors and `DiffConfig`."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf import struct_pb2
from pulumi.provider.experimental import provider as contract
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from kubernetes_plugin.engine_log import EngineLog
from kubernetes_plugin.errors import ApiError, NoSuchKindError, OperationError, PartialFailureError, UnreachableError
from kubernetes_plugin.provider import VERSION, KubernetesProvider
from kubernetes_plugin.tokens import UnknownTypeError

# Errors whose message says all that the user needs.
EXPECTED = (OperationError, ApiError, NoSuchKindError, UnreachableError, UnknownTypeError, ValueError)
# As the engine's own: a large ConfigMap is larger than gRPC's default of 4 MB.
OPTIONS = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]
ANSWERED = ("Check", "CheckConfig", "Diff", "Create", "Read", "Update", "Delete", "Invoke", "Call", "Construct")


class Servicer(ProviderServicer):
    """Answers the engine."""

    def __init__(self, provider: contract.Provider) -> None:
        super().__init__([], VERSION, provider, "")
        for name in ANSWERED:
            setattr(self, name, _answering(getattr(self, name)))

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The SDK's own gives what is gone an empty state, which the engine takes for something."""
        said = await super().Read(request, context)  # type: ignore[no-untyped-call]
        return said if said.id else provider_pb2.ReadResponse()

    async def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The SDK's own mistakes a bool for the protocol's enum."""
        olds, news = PropertyValue.unmarshal_map(request.olds), PropertyValue.unmarshal_map(request.news)
        said = await self._provider.diff_config(
            contract.DiffRequest(request.urn, request.id, olds, news, list(request.ignoreChanges))
        )
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some if said.changes else none, replaces=said.replaces, diffs=said.diffs
        )


def _answering(method: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    """The method with errors as the engine understands them."""

    async def answer(request: Any, context: Any) -> Any:
        try:
            return await method(request, context)
        except PartialFailureError as error:
            context.set_trailing_metadata((("grpc-status-details-bin", _details(error)),))
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except EXPECTED as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{last.filename}:{last.lineno}"
            await context.abort(grpc.StatusCode.UNKNOWN, f"a fault in the Kubernetes plugin: {error!r} at {where}")

    return answer


def _details(error: PartialFailureError) -> bytes:
    """What makes the engine keep the state and note that it is incomplete."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=PropertyValue.marshal_map(error.state),
        reasons=error.reasons,
        inputs=PropertyValue.marshal_map(error.inputs) if error.inputs is not None else struct_pb2.Struct(),
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    return status.SerializeToString()


async def serve(engine_address: str, announce: Callable[[int], None]) -> None:
    """Serves on a free port of this machine until the engine is done."""
    server = grpc.aio.server(options=OPTIONS)
    servicer = Servicer(KubernetesProvider(EngineLog(engine_address)))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    announce(port)
    await server.wait_for_termination()


def run(engine_address: str, announce: Callable[[int], None]) -> None:
    """``serve``, blocking."""
    asyncio.run(serve(engine_address, announce))

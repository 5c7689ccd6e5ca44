"""Warnings of a provider. The SDK connects a program to the engine's log, but not its process for dynamic providers:
that one has the address of the engine as its first argument, like our plugin (pulumi 3.259,
pkg/resource/plugin/plugin.go)."""

import sys

import grpc
import pulumi
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from consul_on_pulumi import run
from consul_on_pulumi.providers import hosting


def not_compared(what: str, error: Exception) -> None:
    """Warn that `what` is shown as it was last known, because it could not be asked for."""
    warn(f"{what} could not be read and may have changed: {error}")


def warn(message: str) -> None:
    """Show a warning in a preview or an update, once: the engine asks a provider several times."""
    if not run.first_time((warn, message)):
        return
    if not (hasattr(sys.modules["__main__"], "DynamicResourceProviderServicer") or hosting.stored() is not None):
        pulumi.log.warn(message)
        return
    with grpc.insecure_channel(sys.argv[1]) as channel:
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message)
        engine_pb2_grpc.EngineStub(channel).Log(request)

"""Messages to the engine, which shows them beside the resource."""

import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine's log. A message that cannot be delivered is dropped: it is no reason to fail an operation."""

    def __init__(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)) if address else None
        self._last: dict[str, str] = {}
        self._lock = threading.Lock()

    def status(self, urn: str, message: str) -> None:
        """What a resource waits for, shown until the next one; an empty message clears it."""
        with self._lock:
            if self._last.get(urn, "") == message:
                return
            self._last[urn] = message
        self._send(engine_pb2.INFO, urn, message, ephemeral=True)

    def info(self, urn: str, message: str) -> None:
        """A message that stays."""
        self._send(engine_pb2.INFO, urn, message)

    def warning(self, urn: str, message: str) -> None:
        """A warning that stays."""
        self._send(engine_pb2.WARNING, urn, message)

    def _send(
        self, severity: "engine_pb2.LogSeverity.ValueType", urn: str, message: str, *, ephemeral: bool = False
    ) -> None:
        if self._engine is None:
            return
        try:
            self._engine.Log(
                engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral), timeout=5
            )
        except grpc.RpcError:
            return

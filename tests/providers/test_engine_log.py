"""Warnings reach the engine from the SDK's process for dynamic providers, and from the program."""

import sys
from concurrent import futures
from types import ModuleType
from typing import Any

import grpc
import pulumi
import pytest
from consul_on_pulumi.providers import engine_log
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2_grpc

from tests.recording import a_new_run


class Engine(engine_pb2_grpc.EngineServicer):
    """Keeps what it is told to log."""

    def __init__(self) -> None:
        self.logged: list[Any] = []

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802, gRPC's own name
        self.logged.append((request.severity, request.message))
        return empty_pb2.Empty()


def test_a_warning_of_a_dynamic_provider_is_sent_once_to_the_engine_of_its_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, server = Engine(), grpc.server(futures.ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    process: Any = ModuleType("__main__")
    process.DynamicResourceProviderServicer = object
    monkeypatch.setitem(sys.modules, "__main__", process)
    monkeypatch.setattr(sys, "argv", ["pulumi.dynamic", f"127.0.0.1:{port}"])
    a_new_run(monkeypatch)

    engine_log.warn("look here")
    engine_log.warn("look here")

    assert engine.logged == [(2, "look here")]
    server.stop(None)


def test_a_warning_of_the_program_is_one_of_pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    a_new_run(monkeypatch)

    engine_log.warn("look here")

    assert warned == ["look here"]


def test_house_row_11_a_warning_is_shown_again_in_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Automation API runs a program again in the same process."""
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    for _run in range(2):
        a_new_run(monkeypatch)
        for _time in range(2):
            engine_log.warn("look here")

    assert warned == ["look here", "look here"]

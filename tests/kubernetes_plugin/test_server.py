"""The plugin as the engine sees it: a gRPC server."""

import threading
from collections.abc import Iterator
from queue import Queue
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from kubernetes_plugin import __main__, creating, server
from kubernetes_plugin.errors import OperationError, PartialFailureError

URN = "urn:pulumi:dev::p::kubernetes:core/v1:ConfigMap::settings"


@pytest.fixture(scope="module")
def plugin() -> Iterator[Any]:
    ports: Queue[int] = Queue()
    threading.Thread(target=server.run, args=("", ports.put), daemon=True).start()
    with grpc.insecure_channel(f"127.0.0.1:{ports.get(timeout=10)}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(variables={"kubernetes:config:kubeconfig": "/none"}))
        yield stub


def refused(call: Any, request: Any) -> Any:
    with pytest.raises(grpc.RpcError) as failed:
        call(request)
    return failed.value


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def raising(*_: Any) -> None:
        raise error

    monkeypatch.setattr(creating, "create", raising)


def test_it_says_its_version(plugin: Any) -> None:
    from google.protobuf import empty_pb2

    assert plugin.GetPluginInfo(empty_pb2.Empty()).version == "4.34.2"


def test_a_partial_failure_brings_the_state_and_the_reasons(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, PartialFailureError("not ready", "default/a", {}, ["not ready", "no image"]))
    said = refused(plugin.Create, provider_pb2.CreateRequest(urn=URN))
    (packed,) = [value for key, value in said.trailing_metadata() if key == "grpc-status-details-bin"]
    status, detail = status_pb2.Status.FromString(packed), provider_pb2.ErrorResourceInitFailed()

    assert status.details[0].Unpack(detail)
    assert (said.code(), said.details(), status.message) == (grpc.StatusCode.UNKNOWN, "not ready", "not ready")
    assert (detail.id, list(detail.reasons)) == ("default/a", ["not ready", "no image"])


def test_an_expected_error_is_its_message_alone(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, OperationError("it was not created"))

    assert refused(plugin.Create, provider_pb2.CreateRequest(urn=URN)).details() == "it was not created"


def test_a_fault_says_that_it_is_one_and_where(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, KeyError("x"))
    said = refused(plugin.Create, provider_pb2.CreateRequest(urn=URN)).details()

    assert "a fault in the Kubernetes plugin: KeyError('x') at " in said
    assert "test_server.py" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["127.0.0.1:1"],
        ["--logtostderr", "-v=9", "127.0.0.1:1"],
        ["--tracing", "file:x", "127.0.0.1:1"],
        ["127.0.0.1:1", "--more"],
    ],
)
def test_the_engine_says_where_it_is_among_its_flags(arguments: list[str]) -> None:
    assert __main__.engine_address(arguments) == "127.0.0.1:1"


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Invoke", provider_pb2.InvokeRequest(tok="kubernetes:yaml:decode")),
        ("Construct", provider_pb2.ConstructRequest(type="kubernetes:helm.sh/v4:Chart")),
        ("Check", provider_pb2.CheckRequest(urn=URN.replace("core/v1:ConfigMap", "helm.sh/v3:Release"))),
    ],
)
def test_what_is_not_served_is_refused(plugin: Any, method: str, request_: Any) -> None:
    assert "the official Kubernetes plugin" in refused(getattr(plugin, method), request_).details()


def test_another_cluster_is_told_as_the_protocol_wants_it(plugin: Any) -> None:
    def config(**given: str) -> struct_pb2.Struct:
        made = struct_pb2.Struct()
        made.update(given)
        return made

    same = plugin.DiffConfig(provider_pb2.DiffRequest(olds=config(namespace="a"), news=config(namespace="a")))
    other = plugin.DiffConfig(provider_pb2.DiffRequest(olds=config(namespace="a"), news=config(namespace="b")))

    assert (same.changes, other.changes) == (provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME)
    assert (list(other.diffs), list(other.replaces)) == (["namespace"], [])

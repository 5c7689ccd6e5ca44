"""The text of a failed call, over gRPC as the engine reads it."""

from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.providers.failures import told
from consul_on_pulumi.providers.provider import ConsulProvider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

FAILURES = {"ours": RefusedError("dev-server-0 answered 403"), "a bug": KeyError("entries")}


@told
def create(props: dict[str, str]) -> None:
    raise FAILURES[props["how"]]


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Calls a provider as the SDK's process does."""

    def Create(self, request, context):  # type: ignore[no-untyped-def] # noqa: N802, the name is gRPC's
        return create(dict(request.properties))


@pytest.fixture
def provider() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0)


@pytest.mark.parametrize(
    ("how", "text"),
    [("ours", "dev-server-0 answered 403"), ("a bug", "Exception calling application: 'entries'")],
)
def test_the_engine_reads_the_text_of_our_errors_alone(
    provider: provider_pb2_grpc.ResourceProviderStub, how: str, text: str
) -> None:
    request = provider_pb2.CreateRequest()
    request.properties["how"] = how

    with pytest.raises(grpc.RpcError) as caught:
        provider.Create(request)

    assert caught.value.details() == text


def test_outside_of_a_call_the_error_is_raised() -> None:
    with pytest.raises(RefusedError, match="dev-server-0 answered 403"):
        create({"how": "ours"})


def test_every_provider_lets_the_engine_show_its_errors() -> None:
    for provider in ConsulProvider.__subclasses__():
        own = {name for name in ("create", "update", "delete", "check", "read") if name in vars(provider)}
        assert own
        assert all(hasattr(vars(provider)[name], "__wrapped__") for name in own)

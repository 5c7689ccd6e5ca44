"""A plugin gets a reference to a provider of the program, and reads its settings from the engine."""

import asyncio
import contextvars
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.plugin import servicer
from consul_on_pulumi.providers import hosting
from consul_on_pulumi.providers.provider import ConsulProvider, Properties
from google.protobuf import struct_pb2
from pulumi.dynamic import ReadResult
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.resource import DependencyProviderResource
from pulumi.runtime import proto
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from tests.recording import build

FAR = "tcp://192.0.2.7:2376"


def test_every_resource_is_connected_with_the_engine_of_a_provider_that_is_a_reference() -> None:
    def program() -> dict[str, Any]:
        hosting.begin_component({})
        given = docker.Provider("far", host=FAR, key_material="canary-key")

        def cluster(parts: list[str]) -> pulumi.Output[list[str]]:
            reference = DependencyProviderResource("::".join(parts))
            settings: Any = {"servers": 1, "platform": {"docker": {"subnet": "172.30.0.0/24"}}}
            return ConsulCluster("consul", settings, pulumi.ResourceOptions(provider=reference)).servers

        return {"servers": pulumi.Output.all(given.urn, given.id).apply(cluster)}

    seen = contextvars.copy_context().run(build, program)

    ours = [one for one in seen.seen if one.type.startswith("consul-on-pulumi:index:") and "spec_hash" in one.inputs]
    assert ours
    for one in ours:
        assert is_rpc_secret(one.inputs["connection"])
        found = unwrap_rpc_secret(one.inputs["connection"])
        assert found["docker"] == {"host": FAR, "key_material": "canary-key"}
        assert found["place"] == FAR


def test_a_destroy_asks_with_the_credentials_in_the_state_and_not_with_those_of_the_last_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine stores the inputs of a resource that does not change, and leaves its outputs as they were."""
    seen: list[Any] = []

    class Provider(ConsulProvider):
        def read(self, id_: str, props: Properties) -> ReadResult:
            seen.append(connection_of(props).get("token"))
            return ReadResult(id_, props)

        def delete(self, _id: str, props: Properties) -> None:
            seen.append(connection_of(props).get("token"))

    def props(token: str) -> struct_pb2.Struct:
        made = struct_pb2.Struct()
        made.update({"a": 1, PROVIDER_KEY: "", "connection": {"cluster": "of-the-plugin", "token": token}})
        return made

    monkeypatch.setattr(servicer, "provider_of", lambda _: Provider())
    new, old = props("new"), props("old")
    served = servicer.Servicer.__new__(servicer.Servicer)

    asyncio.run(served.Delete(proto.DeleteRequest(id="id", properties=old, old_inputs=new), None))
    asyncio.run(served.Read(proto.ReadRequest(id="id", properties=old, inputs=new), None))

    assert seen == ["new", "new"]


def test_a_provider_that_finds_nothing_ends_the_call_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Provider(ConsulProvider):
        def delete(self, _id: str, props: Properties) -> None:
            next(iter(()))

    class Context:
        async def abort(self, code: object, text: str) -> None:
            said.append(text)

    async def bounded() -> None:
        await asyncio.wait_for(served.Delete(proto.DeleteRequest(id="id", properties=props), Context()), 5)

    said: list[str] = []
    props = struct_pb2.Struct()
    props.update({PROVIDER_KEY: ""})
    monkeypatch.setattr(servicer, "provider_of", lambda _: Provider())
    served = servicer.Servicer.__new__(servicer.Servicer)

    asyncio.run(bounded())

    (text,) = said
    assert text.endswith("Provider.delete looked for something that is not there")

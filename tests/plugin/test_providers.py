"""A plugin gets a reference to a provider of the program, and reads its settings from the engine."""

import contextvars
from typing import Any

import pulumi
import pulumi_docker as docker
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.providers import hosting
from pulumi.resource import DependencyProviderResource
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from tests.recording import build

FAR = "tcp://192.0.2.7:2376"


def test_every_resource_is_connected_with_the_engine_of_a_provider_that_is_a_reference() -> None:
    def program() -> dict[str, Any]:
        hosting.begin_component()
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

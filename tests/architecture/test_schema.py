"""The components could be hosted for other languages: Pulumi's own analyzer understands their args and outputs."""

import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from pulumi.provider.experimental.analyzer import Analyzer, ComponentDefinition, TypeDefinition


@pytest.fixture(scope="module")
def components() -> dict[str, ComponentDefinition]:
    found = Analyzer("consul-on-pulumi").analyze([ConsulClient, ConsulCluster, ConsulServer])
    return found["component_definitions"]


@pytest.fixture(scope="module")
def types() -> dict[str, TypeDefinition]:
    found = Analyzer("consul-on-pulumi").analyze([ConsulClient, ConsulCluster, ConsulServer])
    return found["type_definitions"]


def test_all_three_components_have_a_schema(components: dict[str, ComponentDefinition]) -> None:
    assert {name: sorted(found.inputs) for name, found in components.items()} == {
        "ConsulClient": [
            "agentConfig",
            "agentSecrets",
            "cluster",
            "datacenter",
            "image",
            "cluster_id",
            "platform",
            "replicas",
            "servers",
        ],
        "ConsulCluster": [
            "agentConfig",
            "agentSecrets",
            "clientConfig",
            "clients",
            "datacenter",
            "image",
            "name",
            "platform",
            "seedSets",
            "seeds",
            "serverConfig",
            "servers",
        ],
        "ConsulServer": [
            "agentConfig",
            "agentSecrets",
            "cluster",
            "datacenter",
            "image",
            "initialServers",
            "cluster_id",
            "platform",
            "replicas",
        ],
    }


def test_a_placement_is_all_that_must_be_said(components: dict[str, ComponentDefinition]) -> None:
    for found in components.values():
        assert [name for name, key in found.inputs.items() if not key.optional] == ["platform"]


def test_every_input_output_and_type_has_a_description(
    components: dict[str, ComponentDefinition], types: dict[str, TypeDefinition]
) -> None:
    silent = [
        f"{name}.{key}"
        for name, found in components.items()
        for key, described in (found.inputs | found.outputs).items()
        if not described.description
    ]
    silent += [
        f"{name}.{key}"
        for name, found in types.items()
        for key, described in found.properties.items()
        if not described.description
    ]

    assert silent == []
    assert all(found.description for found in [*components.values(), *types.values()])


def test_what_decides_how_many_resources_there_are_is_plain(
    components: dict[str, ComponentDefinition], types: dict[str, TypeDefinition]
) -> None:
    not_plain = {
        f"{name}.{key}"
        for name, inputs in [
            *((name, found.inputs) for name, found in components.items()),
            *((name, found.properties) for name, found in types.items()),
        ]
        for key, described in inputs.items()
        if not described.plain
    }

    assert not_plain == {
        "ConsulClient.cluster_id",
        "ConsulServer.initialServers",
        "ConsulServer.cluster_id",
        "DockerArgs.network",
    }


def test_only_the_leader_may_be_missing_from_the_outputs(components: dict[str, ComponentDefinition]) -> None:
    missing = {key for found in components.values() for key, output in found.outputs.items() if output.optional}

    assert missing == {"leaderAddress"}

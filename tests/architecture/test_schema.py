"""Pulumi's own analyzer understands the args and outputs, as it must to offer the components in other languages."""

from typing import Annotated, Any, Required, get_args, get_origin, is_typeddict

import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from consul_on_pulumi.schema.definition import keys_of
from pulumi.provider.experimental.analyzer import Analyzer, ComponentDefinition, TypeDefinition


class SettingsAnalyzer(Analyzer):
    """Reads types and descriptions from the definitions of settings, which the SDK's analyzer does not know."""

    def analyze_property(self, arg: Any, typ: type, name: str, **more: Any) -> Any:
        while get_origin(arg) in (Annotated, Required):
            arg = get_args(arg)[0]
        return super().analyze_property(arg, typ, name, **more)

    def get_docstring(self, typ: type, name: str) -> str | None:
        return keys_of(typ)[name].setting.text if is_typeddict(typ) else super().get_docstring(typ, name)


@pytest.fixture(scope="module")
def components() -> dict[str, ComponentDefinition]:
    found = SettingsAnalyzer("consul-on-pulumi").analyze([ConsulClient, ConsulCluster, ConsulServer])
    return found["component_definitions"]


@pytest.fixture(scope="module")
def types() -> dict[str, TypeDefinition]:
    found = SettingsAnalyzer("consul-on-pulumi").analyze([ConsulClient, ConsulCluster, ConsulServer])
    return found["type_definitions"]


def test_all_three_components_have_a_schema(components: dict[str, ComponentDefinition]) -> None:
    assert {name: sorted(found.inputs) for name, found in components.items()} == {
        "ConsulClient": [
            "agentConfig",
            "agentSecrets",
            "clientsAtOnce",
            "cluster",
            "consulVersion",
            "datacenter",
            "image",
            "platform",
            "replicas",
            "servers",
        ],
        "ConsulCluster": [
            "agentConfig",
            "agentSecrets",
            "clientConfig",
            "clientSecrets",
            "clients",
            "clientsAtOnce",
            "consulVersion",
            "datacenter",
            "image",
            "join",
            "name",
            "platform",
            "protect",
            "security",
            "securitySecrets",
            "seedSets",
            "seeds",
            "serverConfig",
            "serverSecrets",
            "servers",
            "snapshotBeforeUpgrade",
            "token",
        ],
        "ConsulServer": [
            "agentConfig",
            "agentSecrets",
            "cluster",
            "consulVersion",
            "datacenter",
            "image",
            "platform",
            "protect",
            "replicas",
            "snapshotBeforeUpgrade",
            "token",
        ],
    }


def test_only_the_platform_is_required(components: dict[str, ComponentDefinition]) -> None:
    for found in components.values():
        assert [name for name, key in found.inputs.items() if not key.optional] == ["platform"]


def test_every_input_output_and_type_has_a_description(
    components: dict[str, ComponentDefinition], types: dict[str, TypeDefinition]
) -> None:
    undescribed = [
        f"{name}.{key}"
        for name, found in components.items()
        for key, described in (found.inputs | found.outputs).items()
        if not described.description
    ]
    undescribed += [
        f"{name}.{key}"
        for name, found in types.items()
        for key, described in found.properties.items()
        if not described.description
    ]

    assert undescribed == []
    assert all(found.description for found in components.values())
    assert all(found.description for found in types.values())


def test_settings_that_decide_which_resources_exist_are_plain(
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
        "ConsulCluster.token",
        "ConsulServer.token",
        *(f"CertificatesArgs.{tier}" for tier in ("clients", "servers")),
        *(f"{component}.image" for component in ("ConsulClient", "ConsulCluster", "ConsulServer")),
        "DockerArgs.memoryMib",
        "DockerArgs.network",
        *(f"IngressArgs.{name}" for name in ("className", "host", "tlsSecret")),
        *(f"KubernetesArgs.{name}" for name in ("context", "kubeconfig", "namespace", "priorityClass")),
        *(f"StorageArgs.{name}" for name in ("size", "storageClass")),
        "SecurityArgs.certificateDays",
        *(f"UiArgs.{name}" for name in ("host", "nodePort")),
    }


def test_only_the_leader_and_a_snapshot_may_be_missing_from_the_outputs(
    components: dict[str, ComponentDefinition],
) -> None:
    missing = {key for found in components.values() for key, output in found.outputs.items() if output.optional}

    assert missing == {"leaderAddress", "upgradeSnapshot", "managementToken", "authority"}

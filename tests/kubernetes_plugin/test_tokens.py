import pytest

from kubernetes_plugin import tokens
from kubernetes_plugin.tokens import Kind, UnknownTypeError

STACK = "urn:pulumi:dev::project::"


@pytest.mark.parametrize(
    ("token", "api_version", "kind"),
    [
        ("kubernetes:core/v1:ConfigMap", "v1", "ConfigMap"),
        ("kubernetes:apps/v1:StatefulSet", "apps/v1", "StatefulSet"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "networking.k8s.io/v1", "NetworkPolicy"),
        ("kubernetes:example.com/v1alpha1:Widget", "example.com/v1alpha1", "Widget"),
        ("my:module:Component$kubernetes:policy/v1:PodDisruptionBudget", "policy/v1", "PodDisruptionBudget"),
    ],
)
def test_a_type_is_a_kind(token: str, api_version: str, kind: str) -> None:
    assert tokens.kind_of_urn(f"{STACK}{token}::name") == Kind(api_version, kind)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("kubernetes:helm.sh/v3:Release", "need the official Kubernetes plugin"),
        ("kubernetes:helm.sh/v4:Chart", "need the official Kubernetes plugin"),
        ("kubernetes:yaml/v2:ConfigGroup", "need the official Kubernetes plugin"),
        ("kubernetes:kustomize/v2:Directory", "need the official Kubernetes plugin"),
        ("kubernetes:core/v1:ConfigMapPatch", "need the official Kubernetes plugin"),
        ("kubernetes:core/v1:ConfigMapList", "use the resource type of its items"),
        ("docker:index/network:Network", "need the official Kubernetes plugin"),
    ],
)
def test_what_is_no_single_object_is_refused_by_name(token: str, why: str) -> None:
    with pytest.raises(UnknownTypeError, match=why) as refused:
        tokens.kind_of_urn(f"{STACK}{token}::name")

    assert token in str(refused.value)


def test_a_logical_name_may_hold_colons() -> None:
    assert tokens.name_of_urn(f"{STACK}kubernetes:core/v1:ConfigMap::a::b") == "a::b"


@pytest.mark.parametrize(("resource_id", "namespace", "name"), [("web/app", "web", "app"), ("web", "", "web")])
def test_an_id_is_namespace_and_name(resource_id: str, namespace: str, name: str) -> None:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})

    assert tokens.parse_id(resource_id) == (namespace, name)
    assert tokens.resource_id({"metadata": metadata}) == resource_id


def test_the_core_group_has_two_spellings() -> None:
    assert tokens.kind_of({"apiVersion": "core/v1", "kind": "Pod"}) == Kind("v1", "Pod")
    assert (Kind("v1", "Pod").group, Kind("apps/v1", "Deployment").group) == ("", "apps")
    assert Kind("apps/v1", "Deployment").version == "v1"

from typing import Any

import pytest

from kubernetes_plugin import settings


def test_without_arguments_nothing_is_forced() -> None:
    assert settings.read({}, {}) == settings.Settings()
    assert not settings.Settings().patch_force


@pytest.mark.parametrize(
    ("argument", "variable", "field"),
    [
        ("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", "patch_force"),
        ("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "upsert"),
        ("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", "delete_unreachable"),
        ("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", "skip_update_unreachable"),
    ],
)
def test_an_argument_wins_over_a_variable(argument: str, variable: str, field: str) -> None:
    def said(args: dict[str, Any], env: dict[str, str]) -> Any:
        return getattr(settings.read(args, env), field)

    assert said({}, {variable: "true"}) is True
    assert said({}, {variable: "false"}) is False
    assert said({argument: "false"}, {variable: "true"}) is False
    assert said({argument: True}, {variable: "false"}) is True


def test_kinds_are_made_mutable_one_by_one() -> None:
    assert settings.read({"enableSecretMutable": "true"}, {}).mutable == {"Secret"}
    assert settings.read({}, {"PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true"}).mutable == {"ConfigMap"}


def test_an_empty_text_is_none() -> None:
    found = settings.read({"kubeconfig": "", "context": "", "namespace": "web"}, {})

    assert (found.kubeconfig, found.context, found.namespace) == (None, None, "web")

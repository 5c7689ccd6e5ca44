"""Which Kubernetes cluster a resource is in: the one of the program's provider, else the one of the settings."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.providers.connecting import provider_settings

KIND = "kubernetes:core/v1:Service"
"""The type of any resource of Kubernetes' provider."""
KEYS = ("kubeconfig", "context", "cluster", "render_yaml_to_directory")
WAY_OUT = (
    "Pass a kubernetes.Provider that this program creates, or none and set `platform.kubernetes.kubeconfig` and "
    "`platform.kubernetes.context`"
)


def parts(
    component: pulumi.Resource, settings: Cluster, later: Mapping[str, pulumi.Input[str]]
) -> dict[str, pulumi.Input[Any]]:
    """The parts of the connection that Kubernetes' provider of a component, or the stack's configuration, says.

    `settings` is the cluster of the component's own settings: they come before the configuration. So do those that are
    only known `later`.
    """
    has_provider = component.get_provider(KIND) is not None
    if settings != Cluster() and not has_provider:
        return {}
    found = later if later and not has_provider else provider_settings(component, KIND, KEYS, WAY_OUT)
    if not found:
        return {}
    given = pulumi.Output.all(**found).apply(_given)
    return {"kubernetes": given, "place": given.apply(lambda known: kubeconfig.server(Cluster.given(known)))}


def _given(settings: Mapping[str, Any]) -> dict[str, str]:
    found = {key: value for key, value in settings.items() if value}
    if found.pop("render_yaml_to_directory", None):
        raise pulumi.RunError(
            "platform.kubernetes: expected a provider that reaches a cluster, got one with `render_yaml_to_directory`: "
            "servers are only known to work where they run"
        )
    if isinstance(config := found.get("kubeconfig"), Mapping):
        found["kubeconfig"] = json.dumps(config)
    return found

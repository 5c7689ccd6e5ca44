"""The provider's own configuration: arguments first, then environment variables.

Rules: ``Configure`` in ``provider/pkg/provider/provider.go`` and the arguments of ``pulumi_kubernetes.Provider``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """How the plugin works."""

    kubeconfig: str | None = None
    """Contents of a kubeconfig, or a path to one; None for that of the environment."""
    context: str | None = None
    cluster: str | None = None
    namespace: str | None = None
    patch_force: bool = False
    upsert: bool = False
    """Creating takes over an object that exists."""
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    mutable: frozenset[str] = frozenset()
    """Kinds (ConfigMap, Secret) whose content may change without a replacement."""


def is_true(value: Any) -> bool:
    """Whether an argument or a variable says yes."""
    return str(value).lower() == "true"


def read(args: Mapping[str, Any], env: Mapping[str, str] = os.environ) -> Settings:
    """The settings of one provider; values of ``args`` are bools or their spelling."""

    def flag(name: str, variable: str) -> bool:
        return is_true(args.get(name, env.get(variable)))

    def text(name: str) -> str | None:
        return str(args[name]) if args.get(name) else None

    mutable = {
        "ConfigMap": flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
        "Secret": flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    }
    return Settings(
        kubeconfig=text("kubeconfig"),
        context=text("context"),
        cluster=text("cluster"),
        namespace=text("namespace"),
        patch_force=flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        upsert=flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
        delete_unreachable=flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
        skip_update_unreachable=flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
        mutable=frozenset(kind for kind, allowed in mutable.items() if allowed),
    )

"""Objects for tests, as programs and API servers write them."""

from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

Object = dict[str, Any]


def config_map(name: str = "settings", **more: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}} | more


def secret(**more: Any) -> Object:
    return config_map(**more) | {"kind": "Secret"}


def stateful_set(*, replicas: int = 3, generation: int = 1, status: Object | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "consul", "namespace": "default", "generation": generation, "uid": "set"},
        "spec": {"replicas": replicas, "updateStrategy": {"type": "RollingUpdate"}} | spec,
        "status": status or {},
    }


def hidden(value: Any) -> PropertyValue:
    """A secret value."""
    return PropertyValue(value, is_secret=True)

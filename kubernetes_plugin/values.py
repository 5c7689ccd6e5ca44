"""Pulumi's property values to plain documents and back, with what is secret kept secret."""

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from kubernetes_plugin.objects import Object, part

Properties = Mapping[str, PropertyValue]
SECRET_FIELDS = ("data", "stringData")
# The SDK spells these keys of a CustomResourceDefinition's schema with underscores.
DASHED = "x_kubernetes_"


def plain(value: PropertyValue) -> Any:
    """The bare value; whole numbers are ints, absent values are left out of objects."""
    inner: Any = value.value
    if isinstance(inner, Mapping):
        return document(inner)
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    if isinstance(inner, str | bool | float) or inner is None:
        return inner
    if isinstance(inner, list | tuple):
        return [plain(item) for item in inner]
    raise ValueError(f"assets and resources have no place in a Kubernetes object, got {type(inner).__name__}")


def document(properties: Properties) -> Object:
    """All properties as a plain document."""
    return {dashed(key): plain(value) for key, value in properties.items() if value.value is not None}


def dashed(key: str) -> str:
    """A key as Kubernetes spells it."""
    return key.replace("_", "-") if key.startswith(DASHED) else key


def underscored(key: str) -> str:
    """A key as the SDK spells it."""
    return key.replace("-", "_") if key.startswith("x-kubernetes-") else key


def property_value(value: Any) -> PropertyValue:
    """A bare value as Pulumi has it."""
    if isinstance(value, Mapping):
        return PropertyValue(
            {underscored(key): property_value(inner) for key, inner in value.items() if inner is not None}
        )
    if isinstance(value, list):
        return PropertyValue([property_value(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def as_secret(value: PropertyValue) -> PropertyValue:
    """The same value, secret."""
    return value if value.is_secret else value.with_secret(True)


def properties(obj: Object, source: Properties) -> dict[str, PropertyValue]:
    """A document as properties, secret wherever ``source`` is and wherever a Secret keeps its content.

    Objects are marked part by part, so one secret does not hide a whole spec; a list that holds a secret is secret as
    a whole, since its items may have moved.
    """
    result: dict[str, PropertyValue] = {}
    for name, value in obj.items():
        if value is None:
            continue
        key = underscored(name)
        origin = source.get(key)
        origin_inner: Any = origin.value if origin else None
        if part(obj, "kind") == "Secret" and key in SECRET_FIELDS:
            result[key] = as_secret(property_value(value))
        elif origin is None or not origin.contains_secret():
            result[key] = property_value(value)
        elif isinstance(value, Mapping) and isinstance(origin_inner, Mapping) and not origin.is_secret:
            result[key] = PropertyValue(properties(dict(value), origin_inner))
        else:
            result[key] = as_secret(property_value(value))
    return result

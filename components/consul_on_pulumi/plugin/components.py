"""Constructs the components for programs in other languages."""

from typing import Any

import pulumi
from pulumi.provider import ConstructResult

from consul_on_pulumi.plugin.names import camel, to_settings
from consul_on_pulumi.plugin.schema import COMPONENTS


def construct(name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None) -> Any:
    """The component of this type, with its outputs as the schema spells them."""
    made = {component.__name__: component for component in COMPONENTS}
    component: Any = made[resource_type.rpartition(":")[2]]
    built = component(name, to_settings(inputs, COMPONENTS[component]), options)
    outputs = [found for found in component.__annotations__ if not found.startswith("_")]
    return ConstructResult(built.urn, {camel(output): getattr(built, output) for output in outputs})

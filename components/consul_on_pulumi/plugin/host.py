"""Serves the plugin: components by their constructors, resources by the dynamic providers of the package."""

import json
import sys
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, Provider
from pulumi.provider import server as sdk

from consul_on_pulumi.plugin.names import camel, to_settings
from consul_on_pulumi.plugin.schema import COMPONENTS, schema
from consul_on_pulumi.plugin.servicer import Servicer
from consul_on_pulumi.version import __version__


class Plugin(Provider):
    """What the SDK's server asks for."""

    def __init__(self) -> None:
        super().__init__(__version__, json.dumps(schema()))

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> Any:
        """The component of this type, with its outputs as the schema spells them."""
        made = {component.__name__: component for component in COMPONENTS}
        component: Any = made[resource_type.rpartition(":")[2]]
        built = component(name, to_settings(inputs, COMPONENTS[component]), options)
        outputs = [found for found in component.__annotations__ if not found.startswith("_")]
        return ConstructResult(built.urn, {camel(output): getattr(built, output) for output in outputs})


def serve() -> None:
    """Serve until the engine ends the process. The SDK's server builds its servicer by this name."""
    setattr(sdk, "ProviderServicer", Servicer)  # noqa: B010, mypy knows it as a type
    sdk.main(Plugin(), sys.argv[1:])

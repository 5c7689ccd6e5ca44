"""Serves the plugin: components by their constructors, resources by the dynamic providers of the package."""

import json
import sys

from pulumi.provider import Provider
from pulumi.provider import server as sdk

from consul_on_pulumi.plugin.components import construct
from consul_on_pulumi.plugin.schema import schema
from consul_on_pulumi.plugin.servicer import Servicer
from consul_on_pulumi.version import __version__


class Plugin(Provider):
    """What the SDK's server asks for."""

    def __init__(self) -> None:
        super().__init__(__version__, json.dumps(schema()))

    construct = staticmethod(construct)


def serve() -> None:
    """Serve until the engine ends the process. The SDK's server builds its servicer by this name."""
    setattr(sdk, "ProviderServicer", Servicer)  # noqa: B010, mypy knows it as a type
    sdk.main(Plugin(), sys.argv[1:])

"""The resources of Docker's provider, by their types alone.

The classes of `pulumi_docker` take as long to import as the rest of this package, and each container of theirs has
eighty outputs that every program waits for. That package still says which release of the provider is meant.
"""

from functools import cache
from importlib.metadata import version
from typing import Any

import pulumi

from consul_on_pulumi.resource_options import with_options


class DockerResource(pulumi.CustomResource):
    """A resource of this provider. Its arguments have the names that `pulumi_docker` gives them."""

    name: pulumi.Output[str]
    """The name of the object, known when it exists."""

    def __init__(self, kind: str, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        """`kind` is the name of its class in `pulumi_docker`."""
        token = f"docker:index/{kind[0].lower()}{kind[1:]}:{kind}"
        super().__init__(token, name, props, with_options(opts, version=release()))

    def translate_input_property(self, prop: str) -> str:
        """The name of an argument as the provider spells it."""
        first, *rest = prop.split("_")
        return first + "".join(map(str.capitalize, rest))


@cache
def release() -> str:
    """The release of the provider that belongs to `pulumi_docker`."""
    return version("pulumi_docker")

"""BootstrapSize: remembers with how many servers a cluster was born."""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

Properties = dict[str, Any]
"""`servers` as input; `servers` and `initial` as outputs."""


class BootstrapSizeProvider(ResourceProvider):
    """Keeps the first size it is given. Touches nothing outside the state."""

    serialize_as_secret_always = False

    def create(self, props: Properties) -> CreateResult:
        """Note the size at birth."""
        return CreateResult("bootstrap", {"servers": props["servers"], "initial": props["servers"]})

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """No later size is a change."""
        return DiffResult(changes=False)


class BootstrapSize(Resource, module="consul-on-pulumi", name="BootstrapSize"):
    """The size a cluster was born with, which scaling does not change."""

    initial: pulumi.Output[int]
    """How many servers the first update made."""

    def __init__(self, name: str, servers: int, opts: pulumi.ResourceOptions | None = None) -> None:
        """`servers` is the present size; only the first one counts."""
        super().__init__(BootstrapSizeProvider(), name, {"servers": servers, "initial": None}, opts)

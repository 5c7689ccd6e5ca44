"""Birth: remembers what a cluster was born with, and refuses what no living cluster survives."""

import secrets
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, Resource, ResourceProvider

Properties = dict[str, Any]
"""`servers` and `fixed` as inputs; those, `initial` and `mark` as outputs."""


class BirthProvider(ResourceProvider):
    """Keeps the first size and the first settings it is given. Touches nothing outside the state."""

    serialize_as_secret_always = False

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        """Refuse, in the preview already, another value for what is fixed at birth."""
        before = _olds.get("fixed", {})
        failures = [
            CheckFailure(
                path,
                f"{path}: expected {before[path]!r} as when the cluster was made, got {value!r}, which would part the "
                "servers from their data or from each other: put it back, or destroy this cluster first",
            )
            for path, value in news.get("fixed", {}).items()
            if path in before and before[path] != value
        ]
        return CheckResult(news, failures)

    def create(self, props: Properties) -> CreateResult:
        """Note the size and the settings, and draw a mark."""
        return CreateResult("birth", {**props, "initial": props["servers"], "mark": secrets.token_hex(8)})

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """No later size is a change."""
        return DiffResult(changes=False)


class Birth(Resource, module="consul-on-pulumi", name="Birth"):
    """The size a cluster was born with, which scaling does not change, and the settings that nothing may change."""

    initial: pulumi.Output[int]
    """How many servers the first update made."""
    mark: pulumi.Output[str]
    """A word that no other cluster has, so that what carries it is known to be of this one."""

    def __init__(
        self, name: str, servers: int, fixed: Mapping[str, str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`servers` is the present size, of which only the first counts; `fixed` maps a setting's path to its value."""
        super().__init__(
            BirthProvider(), name, {"servers": servers, "fixed": fixed, "initial": None, "mark": None}, opts
        )

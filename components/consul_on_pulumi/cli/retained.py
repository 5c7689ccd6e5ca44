"""`consul-on-pulumi retained-data`: the volumes and claims that stayed after `pulumi destroy`.

The state is empty then, so the stack's configuration says where to look: any value with a `platform` describes a
cluster.
"""

import importlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.platforms.choose import PLATFORMS


def run(stack: str, cluster: str | None) -> Iterator[str]:
    """Lines that name the retained data and the command that deletes it; none where there is no such data.

    `cluster` is the `name` of a cluster's settings; without it the configuration says the name.
    """
    for platform, settings, pattern in _places(stack, cluster):
        operations = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.operations")
        try:
            for name, retained, command in operations.retained(settings, pattern):
                yield f"the data of {name} was retained, and the next `pulumi up` uses it again: {', '.join(retained)}"
                yield f"to delete it permanently: {command} {' '.join(retained)}"
        except (UnreachableError, RefusedError) as error:
            if cluster or settings.get("retain_data"):
                yield f"whether data was retained on {platform} is unknown: {error}"


def _places(stack: str, cluster: str | None) -> list[tuple[str, Mapping[str, Any], str]]:
    """Platforms with their settings, and a pattern of the names of clusters there."""
    # A cluster without a name in its settings is called COMPONENT-STACK.
    default = f"*-{stack.rpartition('/')[2]}"
    values = [entry.get("objectValue") for entry in stacks.configuration(stack).values()]
    described = [value for value in values if isinstance(value, dict) and isinstance(value.get("platform"), dict)]
    if not described and not cluster:
        sys.exit(f"--cluster: required, because no value in the configuration of {stack} has a `platform`")
    return [
        (platform, settings or {}, cluster or value.get("name") or default)
        for value in described or [{"platform": dict.fromkeys(PLATFORMS)}]
        for platform, settings in value["platform"].items()
        if platform in PLATFORMS
    ]

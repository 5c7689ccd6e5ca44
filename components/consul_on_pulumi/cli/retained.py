"""`consul-on-pulumi retained-data`: the volumes and claims that stayed after `pulumi destroy`.

The state is empty then. So the search uses the stack's configuration: any key whose value describes a cluster. Where
none does, it looks on every platform for clusters whose name ends with the stack's name, as the default name does.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.platforms.choose import PLATFORMS

Search = tuple[str, Mapping[str, Any], Callable[[str], bool]]
"""A platform, its settings, and which names of clusters to look for."""


def run(stack: str, cluster: str | None) -> list[str]:
    """Lines that name the retained data and the command that deletes it; empty where there is none.

    `cluster` is the `name` of a cluster's settings; without it the configuration says the name.
    """
    lines: list[str] = []
    for platform, settings, wanted in searches(stack, cluster):
        module = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.retained")
        try:
            for found, names, command in module.retained(settings, wanted):
                lines += [
                    f"the data of {found} was retained, and the next `pulumi up` uses it again: {', '.join(names)}",
                    f"to delete it permanently: {command} {' '.join(names)}",
                ]
        except (UnreachableError, RefusedError) as error:
            if cluster or settings.get("retain_data"):
                lines.append(f"whether data was retained on {platform} is unknown: {error}")
    return lines


def searches(stack: str, cluster: str | None) -> Iterator[Search]:
    """Where to look for what."""

    def named(name: str | None) -> Callable[[str], bool]:
        suffix = f"-{stack.rpartition('/')[2]}"
        return lambda found: found == name if name else found.endswith(suffix)

    values = [entry.get("objectValue") for entry in stacks.configuration(stack).values()]
    found = [value for value in values if isinstance(value, dict) and isinstance(value.get("platform"), dict)]
    for described in found:
        for platform, settings in described["platform"].items():
            if platform in PLATFORMS:
                yield platform, settings or {}, named(cluster or described.get("name"))
    if not found:
        for platform in PLATFORMS:
            yield platform, {}, named(cluster)

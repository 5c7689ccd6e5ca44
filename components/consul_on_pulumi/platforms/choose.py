"""The one place that knows which platforms there are."""

import importlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypedDict

from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.contract import Platform
from consul_on_pulumi.platforms.docker.settings import DockerArgs
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.schema.check import is_refused
from consul_on_pulumi.schema.definition import Setting, keys_of


class PlatformArgs(TypedDict, total=False):
    """Where a cluster runs: exactly one platform."""

    # Each is the folder of its name beside this module.
    docker: Annotated[DockerArgs, Setting("In containers of one Docker engine.")]
    kubernetes: Annotated[KubernetesArgs, Setting("In pods of a Kubernetes cluster.")]


PLATFORMS = tuple(keys_of(PlatformArgs))
"""The names of all platforms."""


def choose(args: Mapping[str, Any]) -> Platform:
    """The platform that `args` name. Only its own modules are imported."""
    ((name, settings),) = args.items()
    platform: Platform = importlib.import_module(f"consul_on_pulumi.platforms.{name}.platform").create(settings)
    return platform


def chosen(args: Mapping[str, Any]) -> Platform | None:
    """The same, or None if `args` name no platform or several."""
    return choose(args) if len(args) == 1 and args.keys() <= set(PLATFORMS) else None


def problems(args: Mapping[str, Any], topology: Topology, path: str, *, tier_alone: bool) -> Iterator[str]:
    """Why `args` choose no platform, or why the chosen one cannot run this topology."""
    named = [name for name in args if name in PLATFORMS]
    if len(named) != 1:
        expected = " or ".join(f"`{name}`" for name in PLATFORMS)
        yield f"{path}: expected {expected}, got {' and '.join(sorted(named)) or 'nothing'}"
        return
    settings = args[named[0]]
    platform = choose({named[0]: settings})
    if tier_alone and platform.shared not in settings and not is_refused(settings, platform.shared):
        yield (
            f"{path}.{named[0]}.{platform.shared}: required for a tier alone, give the name of an existing "
            f"{platform.shared}"
        )
    yield from platform.problems(topology, f"{path}.{named[0]}")

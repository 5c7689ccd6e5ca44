"""Everything that is refused in the arguments of a component: all problems at once, before anything is registered."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms import choose
from consul_on_pulumi.schema.check import checked, refuse
from consul_on_pulumi.seeds import seeding
from consul_on_pulumi.seeds.seeding import SeedSet
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs


def cluster_args(args: Any, path: str = "cluster") -> tuple[dict[str, Any], list[SeedSet]]:
    """The arguments of a ConsulCluster, completed with the defaults, and its seeds. Raises pulumi.RunError with every
    problem."""
    problems, complete, seeds = cluster_problems(args, path)
    refuse(problems)
    return complete, seeds


def cluster_problems(args: Any, path: str = "cluster") -> tuple[list[str], dict[str, Any], list[SeedSet]]:
    """Every problem of the arguments of a ConsulCluster, their sound part with the defaults, and its seeds."""
    problems, complete = checked(args, ConsulClusterArgs, path)
    problems += _platform_problems(complete, path, complete["servers"], complete["clients"])
    wrong, seeds = seeding.read(complete, path, Path.cwd())
    return [*problems, *wrong], complete, seeds


def tier_args(args: Any, shape: Any, path: str, name: str) -> dict[str, Any]:
    """The arguments of a ConsulServer or a ConsulClient of that name, a TypedDict `shape`, with the defaults.

    Raises pulumi.RunError with every problem.
    """
    named = {"cluster": name, **args} if isinstance(args, Mapping) else args
    problems, complete = checked(named, shape, path)
    replicas = complete["replicas"]
    servers, clients = (complete["servers"], replicas) if "servers" in complete else (replicas, 0)
    refuse([*problems, *_platform_problems(complete, path, servers, clients, tier_alone=True)])
    return complete


def _platform_problems(
    args: Mapping[str, Any], path: str, servers: int, clients: int, *, tier_alone: bool = False
) -> Iterator[str]:
    if "platform" in args:
        topology = Topology(cluster=path, datacenter=args["datacenter"], servers=servers, clients=clients)
        yield from choose.problems(args["platform"], topology, f"{path}.platform", tier_alone=tier_alone)

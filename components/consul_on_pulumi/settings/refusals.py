"""Everything that is refused in the arguments of a component: all problems at once, before anything is registered."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pulumi

from consul_on_pulumi.consul import access
from consul_on_pulumi.model import agent, program_access
from consul_on_pulumi.model.topology import Role, Topology
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
    problems += wrong
    tiers = {Role.SERVER: "server_config"} | ({Role.CLIENT: "client_config"} if complete["clients"] else {})
    for role, config in tiers.items():
        found = _config_problems(complete, path, role, ("agent_config", config))
        problems += [problem for problem in found if problem not in problems]
    return [*problems, *access.problems()], complete, seeds


def tier_args(args: Any, shape: Any, path: str, name: str) -> dict[str, Any]:
    """The arguments of a ConsulServer or a ConsulClient of that name, a TypedDict `shape`, with the defaults.

    Raises pulumi.RunError with every problem.
    """
    named = {"cluster": name, **args} if isinstance(args, Mapping) else args
    problems, complete = checked(named, shape, path)
    replicas = complete["replicas"]
    servers, clients = (complete["servers"], replicas) if "servers" in complete else (replicas, 0)
    problems += _platform_problems(complete, path, servers, clients, tier_alone=True)
    role = Role.CLIENT if "servers" in complete else Role.SERVER
    refuse([*problems, *_config_problems(complete, path, role, ("agent_config",)), *access.problems()])
    return complete


def _platform_problems(
    args: Mapping[str, Any], path: str, servers: int, clients: int, *, tier_alone: bool = False
) -> Iterator[str]:
    if "platform" in args:
        topology = Topology(cluster=path, datacenter=args["datacenter"], servers=servers, clients=clients)
        yield from choose.problems(args["platform"], topology, f"{path}.platform", tier_alone=tier_alone)


def _config_problems(args: Mapping[str, Any], path: str, role: Role, configs: Sequence[str]) -> Iterator[str]:
    """Why the agents of one role cannot have their configuration; the later of the `configs` win."""
    merged = reduce(agent.merge, (args[name] for name in configs))
    if (platform := choose.chosen(args.get("platform", {}))) is None:
        return
    if (size := len(json.dumps(merged))) > platform.max_configuration:
        yield (
            f"{path}.{configs[0]}: {size} bytes, at most {platform.max_configuration} fit into an agent's "
            "configuration: write parts of it into files of agent_secrets"
        )
    found = program_access.problems(
        merged,
        role,
        platform.requests_from(),
        seeds=bool(args.get("seeds") or args.get("seed_sets")),
        token=bool(args["agent_secrets"]) or _has_token(),
    )
    for key, problem in found:
        where = [name for name in configs if program_access.has(args[name], key)]
        yield f"{path}.{where[-1]}.{key}: {problem}"


def _has_token() -> bool:
    """Whether the program has a token, in the stack's configuration or in the environment."""
    return access.has_token() or pulumi.runtime.get_config(f"{pulumi.get_project()}:{access.TOKEN}") is not None

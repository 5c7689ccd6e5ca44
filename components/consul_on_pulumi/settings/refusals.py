"""Everything that is refused in the arguments of a component: all problems at once, before anything is registered."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pulumi

from consul_on_pulumi.consul import access
from consul_on_pulumi.model import agent, program_access, secret_files
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.outputs import is_output, when_known
from consul_on_pulumi.platforms import choose
from consul_on_pulumi.releases import agent_keys, closed_keys, known_problems, release
from consul_on_pulumi.releases.formats import formats
from consul_on_pulumi.releases.release import Release
from consul_on_pulumi.schema.check import checked, is_refused, refuse
from consul_on_pulumi.schema.rules import no_nulls
from consul_on_pulumi.seeds import seeding
from consul_on_pulumi.seeds.seeding import SeedSet
from consul_on_pulumi.settings import security_args
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE, SECRET_FILES, ConsulClusterArgs
from consul_on_pulumi.settings.later_config import public_addresses, watched

CONFIGURATIONS = ("agent_config", "server_config", "client_config")
"""The settings with agent configuration."""


def cluster_args(args: Any, path: str = "cluster") -> tuple[dict[str, Any], list[SeedSet]]:
    """The arguments of a ConsulCluster, completed with the defaults, and its seeds. Raises pulumi.RunError with every
    problem."""
    problems, complete, seeds = cluster_problems(args, path)
    refuse(problems)
    return complete, seeds


def cluster_problems(args: Any, path: str = "cluster") -> tuple[list[str], dict[str, Any], list[SeedSet]]:
    """Every problem of the arguments of a ConsulCluster, their sound part with the defaults, and its seeds."""
    problems, complete = checked(args, ConsulClusterArgs, path)
    if is_output(image := complete["image"]):
        # Its release decides about settings, about keys and about upgrades.
        complete["image"] = when_known(image, lambda known: cluster_problems({**args, "image": known}, path)[0])
    if "join" in complete:
        complete["join"] = public_addresses(complete["join"], f"{path}.join")
    problems += _agent_problems(complete, path)
    problems += _platform_problems(complete, path, complete["servers"], complete["clients"])
    problems += [*security_args.certificate_problems(complete, path), *security_args.access_problems(complete, path)]
    wrong, seeds = seeding.read(complete, path, Path.cwd(), _key_problem(complete))
    problems += wrong
    tiers = {Role.SERVER: "server_config"} | ({Role.CLIENT: "client_config"} if complete["clients"] else {})
    for role, config in tiers.items():
        found = _config_problems(complete, path, role, ("agent_config", config))
        problems += [problem for problem in found if problem not in problems]
    for config, roles in (("agent_config", tiers), ("server_config", [Role.SERVER]), ("client_config", [Role.CLIENT])):
        complete[config] = _watched(complete, path, config, list(roles))
    return [*problems, *access.problems()], complete, seeds


def tier_args(args: Any, shape: Any, path: str, name: str, *, alone: bool = True) -> dict[str, Any]:
    """The arguments of a ConsulServer or a ConsulClient of that name, a TypedDict `shape`, with the defaults; a tier
    that is `alone` belongs to no ConsulCluster.

    Raises pulumi.RunError with every problem.
    """
    problems, complete = _tier_problems({"cluster": name, **args} if isinstance(args, Mapping) else args, shape, path)
    refuse([*problems, *(security_args.certificate_problems(complete, path) if alone else ())])
    return complete


def _tier_problems(args: Any, shape: Any, path: str) -> tuple[list[str], dict[str, Any]]:
    problems, complete = checked(args, shape, path)
    if is_output(image := complete["image"]):
        complete["image"] = when_known(image, lambda known: _tier_problems({**args, "image": known}, shape, path)[0])
    replicas = complete["replicas"]
    servers, clients = (complete["servers"], replicas) if "servers" in complete else (replicas, 0)
    problems += _agent_problems(complete, path)
    problems += _platform_problems(complete, path, servers, clients, tier_alone=True)
    role = Role.CLIENT if "servers" in complete else Role.SERVER
    problems += _config_problems(complete, path, role, ("agent_config",))
    complete["agent_config"] = _watched(complete, path, "agent_config", [role])
    return [*problems, *access.problems()], complete


def _watched(args: Mapping[str, Any], path: str, config: str, roles: Sequence[Role]) -> dict[str, Any]:
    """The agent configuration in the setting `config`, which is checked again when all of it is known."""

    def problems(known: Any) -> Iterator[str]:
        completed = {**args, config: known}
        yield from no_nulls(known, f"{path}.{config}")
        yield from agent_keys.problems(known, f"{path}.{config}", _release(args))
        yield from dict.fromkeys(one for role in roles for one in _config_problems(completed, path, role, (config,)))

    return watched(args[config], f"{path}.{config}", problems)


def warn_if_release_is_unchecked(args: Mapping[str, Any], resource: pulumi.Resource) -> None:
    """Warn where no table says what the release of the image reads, or where nobody knows the release."""

    def warn(image: Any) -> None:
        of = release.of({**args, "image": image})
        if of is None:
            told = f"{image} does not tell its release of Consul" if isinstance(image, str) else "it is not known yet"
            text = f"image: {told}, so settings and upgrades are not checked for it: set consul_version"
            pulumi.log.warn(text, resource)
        elif not formats().covers(of):
            first, last = (release.minor(formats().releases[place]) for place in (0, -1))
            text = f"image: settings are checked for Consul {first} to {last}, and {release.text(of)} may accept others"
            pulumi.log.warn(text, resource)

    if is_output(args["image"]):
        pulumi.Output.from_input(args["image"]).apply(warn, run_with_unknowns=True)
    else:
        warn(args["image"])


def _agent_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """What the release of the image, as far as it is known, cannot run or read."""
    if problem := release.versions_problem(args, path):
        yield problem
        return
    of, is_closed = _release(args), args.get("security", {}).get("enabled")
    if problem := known_problems.unusable(of, DEFAULT_IMAGE):
        yield f"{path}.image: {problem}"
    for name in CONFIGURATIONS:
        config = args.get(name, {})
        if is_closed:
            yield from closed_keys.problems(config, f"{path}.{name}")
            yield from closed_keys.name_problems(config, f"{path}.{name}", args["datacenter"])
            config = closed_keys.without(config)
        yield from agent_keys.problems(config, f"{path}.{name}", of)
        for key in agent_keys.MERGED:
            if is_output(config.get(key)):
                yield f"{path}.{name}.{key}: expected a map, since the program sets keys in it too, got an Output"
    for name in SECRET_FILES:
        check = closed_keys.check_of(of, args["datacenter"] if is_closed else None)
        yield from secret_files.problems(args.get(name, {}), f"{path}.{name}", check)


def _release(args: Mapping[str, Any]) -> Release | None:
    """The release that these settings tell. In place of a refused image they have the default one."""
    return None if is_refused(args, "image") or is_refused(args, "consul_version") else release.of(args)


def _key_problem(args: Mapping[str, Any]) -> Callable[[str], str | None]:
    """Why the servers do not serve a key, or None."""
    of = _release(args)
    validates = not agent.merge(args["agent_config"], args["server_config"]).get("disable_kv_key_validation")
    return lambda key: known_problems.key_problem(key, of) if validates else None


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
    if (size := len(json.dumps(merged, default=lambda _later: ""))) > platform.max_configuration:
        yield (
            f"{path}.{configs[0]}: {size} bytes, at most {platform.max_configuration} fit into an agent's "
            "configuration: write parts of it into files of agent_secrets"
        )
    is_closed = bool(args.get("security", {}).get("enabled"))
    found = program_access.problems(
        merged,
        role,
        platform.requests_from(),
        seeds=bool(args.get("seeds") or args.get("seed_sets")),
        token=any(args.get(name) for name in SECRET_FILES) or "token" in args or access.has_token() or is_closed,
        is_closed=is_closed,
        snapshots=args.get("snapshot_before_upgrade") is True,
    )
    for key, problem in found:
        where = [name for name in configs if program_access.has(args[name], key)]
        yield f"{path}.{where[-1]}.{key}: {problem}"

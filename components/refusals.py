"""Everything that the components refuse in their args: all problems at once, before anything is registered.

The checks read args that may lack keys, so that one message can also tell of what is missing or misspelt elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pulumi

from components.desired import agent_keys, kv_tree, naming
from components.desired.topology import Topology, servers_problem
from components.placement import choose


def refuse(problems: Iterable[str]) -> None:
    """Raise pulumi.RunError, whose text the engine prints without a traceback, if there is any problem."""
    if found := list(problems):
        raise pulumi.RunError("\n".join(["the settings are refused, nothing was changed:", *found]))


def cluster_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """What is wrong with the args of a ConsulCluster."""
    yield from _tier_problems(args, path, {"servers": 3, "clients": 0}, ("server_config", "client_config"))
    if "seeds" in args:
        yield from kv_tree.problems(args["seeds"], f"{path}.seeds")


def server_problems(args: Mapping[str, Any], name: str, path: str) -> Iterator[str]:
    """What is wrong with the args of a ConsulServer of that name."""
    yield from _tier_problems(_as_cluster(args, name, "servers"), path, {"servers": 3, "clients": 0}, ())
    yield from _network_problems(args, path)


def client_problems(args: Mapping[str, Any], name: str, path: str) -> Iterator[str]:
    """What is wrong with the args of a ConsulClient of that name."""
    yield from _tier_problems(_as_cluster(args, name, "clients"), path, {"servers": 3, "clients": 1}, ())
    yield from _network_problems(args, path)


def _as_cluster(args: Mapping[str, Any], name: str, counted: str) -> dict[str, Any]:
    renamed = {"replicas": counted, "cluster": "name"}
    return {"name": name} | {renamed.get(key, key): value for key, value in args.items()}


def _tier_problems(
    args: Mapping[str, Any], path: str, sizes: Mapping[str, int], more_configs: Iterable[str]
) -> Iterator[str]:
    servers, clients = args.get("servers", sizes["servers"]), args.get("clients", sizes["clients"])
    if fault := servers_problem(servers):
        yield f"{path}.servers: {fault}"
    if clients < 0:
        yield f"{path}.clients: expected 0 or more, got {clients}"
    if "name" in args and (fault := naming.cluster_problem(args["name"])):
        yield f"{path}.name: {fault}"
    if "datacenter" in args and (fault := naming.datacenter_problem(args["datacenter"])):
        yield f"{path}.datacenter: {fault}"
    if "image" in args and (fault := image_problem(args["image"])):
        yield f"{path}.image: {fault}"
    for key in ("agent_config", *more_configs):
        yield from agent_keys.problems(args.get(key, {}), f"{path}.{key}")
    if "placement" in args:
        # Sizes that are refused above must not hide what is wrong with the placement.
        topology = Topology(cluster=path, datacenter="dc1", servers=max(servers, 1), clients=max(clients, 0))
        yield from choose.problems(args["placement"], topology, f"{path}.placement")


def _network_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    docker = args.get("placement", {}).get("docker")
    if docker is not None and "network" not in docker:
        yield f"{path}.placement.docker.network: required for a tier alone, give the name of an existing network"


def image_problem(image: str) -> str | None:
    """Why two runs with this image might make two different clusters, or None."""
    name, _, tag = image.rpartition("/")[2].partition(":")
    if "@sha256:" in image or (name and tag and tag != "latest"):
        return None
    return f"expected an exact version or a digest such as hashicorp/consul:1.20.6, got {image!r}"

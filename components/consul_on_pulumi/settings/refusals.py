"""Everything that the components refuse in their args: all problems at once, before anything is registered.

The checks read args that may lack keys, so that one message can also tell of what is missing or misspelt elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi

from consul_on_pulumi.model import agent_keys, naming, secret_files
from consul_on_pulumi.model.topology import Topology, servers_problem
from consul_on_pulumi.platforms import choose
from consul_on_pulumi.seeds import seeding
from consul_on_pulumi.settings import agent_secrets


def refuse(problems: Iterable[str]) -> None:
    """Raise pulumi.RunError, whose text the engine prints without a traceback, if there is any problem."""
    if found := list(problems):
        raise pulumi.RunError("\n".join(["the settings are refused, nothing was changed:", *found]))


def cluster_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """What is wrong with the args of a ConsulCluster."""
    yield from _problems(args, path, {})
    for key in ("server_config", "client_config"):
        yield from agent_keys.problems(args.get(key, {}), f"{path}.{key}")
    yield from seeding.problems(args, path, Path.cwd())


def server_problems(args: Mapping[str, Any], name: str, path: str) -> Iterator[str]:
    """What is wrong with the args of a ConsulServer of that name."""
    yield from _problems({"cluster": name, **args}, path, {"servers": "replicas", "name": "cluster"})
    yield from choose.tier_problems(args.get("platform", {}), f"{path}.platform")


def client_problems(args: Mapping[str, Any], name: str, path: str) -> Iterator[str]:
    """What is wrong with the args of a ConsulClient of that name."""
    yield from _problems({"cluster": name, **args}, path, {"clients": "replicas", "name": "cluster"})
    yield from choose.tier_problems(args.get("platform", {}), f"{path}.platform")


def _problems(args: Mapping[str, Any], path: str, object_name: Mapping[str, str]) -> Iterator[str]:
    """What all components refuse; `object_name` names the keys that a tier calls differently than a cluster."""
    keys = {key: object_name.get(key, key) for key in ("servers", "clients", "name")}
    servers, clients = args.get(keys["servers"], 3), args.get(keys["clients"], 0)
    if fault := servers_problem(servers):
        yield f"{path}.{keys['servers']}: {fault}"
    if clients < 0:
        yield f"{path}.{keys['clients']}: expected 0 or more, got {clients}"
    if keys["name"] in args and (fault := naming.cluster_problem(args[keys["name"]])):
        yield f"{path}.{keys['name']}: {fault}"
    if "datacenter" in args and (fault := naming.datacenter_problem(args["datacenter"])):
        yield f"{path}.datacenter: {fault}"
    if "image" in args and (fault := image_problem(args["image"])):
        yield f"{path}.image: {fault}"
    yield from agent_keys.problems(args.get("agent_config", {}), f"{path}.agent_config")
    yield from secret_files.problems(args.get(agent_secrets.KEY, {}), f"{path}.{agent_secrets.KEY}")
    if "platform" in args:
        # Sizes that are refused above must not hide what is wrong with the placement.
        topology = Topology(cluster=path, datacenter="dc1", servers=max(servers, 1), clients=max(clients, 0))
        yield from choose.problems(args["platform"], topology, f"{path}.platform")


def image_problem(image: str) -> str | None:
    """Why two runs with this image might make two different clusters, or None."""
    name, _, tag = image.rpartition("/")[2].partition(":")
    if "@sha256:" in image or (name and tag and tag != "latest"):
        return None
    return f"expected an exact version or a digest such as hashicorp/consul:1.20.6, got {image!r}"

"""What a setting is where nobody sets it, read from the code that asks for it: `args.get("servers", 3)`."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from components import client, cluster, seed_sets, seeding, server
from components.client import ConsulClientArgs
from components.cluster_args import ConsulClusterArgs
from components.desired.topology import Role
from components.placement.docker import placement as docker_placement
from components.placement.docker.settings import DockerArgs
from components.placement.kubernetes import guards, placing, pod, reaching, refusals, servers, ui
from components.placement.kubernetes.settings import KubernetesArgs, NetworkPolicyArgs, StorageArgs, UiArgs
from components.seed_sets import SeedSetArgs
from components.server import ConsulServerArgs

ASKING: Mapping[Any, tuple[ModuleType, ...]] = {
    ConsulClusterArgs: (cluster,),
    ConsulServerArgs: (server,),
    ConsulClientArgs: (client,),
    SeedSetArgs: (seed_sets, seeding),
    DockerArgs: (docker_placement,),
    KubernetesArgs: (placing, reaching),
    StorageArgs: (servers,),
    UiArgs: (ui,),
    NetworkPolicyArgs: (guards,),
}
"""The modules that ask for the settings of a TypedDict."""
NAMED: Mapping[tuple[Any, str], Any] = {
    (KubernetesArgs, "resources"): pod.RESOURCES[Role.SERVER],
    (KubernetesArgs, "client_resources"): pod.RESOURCES[Role.CLIENT],
    (KubernetesArgs, "clients"): refusals.CHOICES["clients"][0],
}
"""Defaults that are asked for in another way."""


def default(shape: Any, name: str, kind: Any) -> Any:
    """The default of one setting of `shape`, or None where the code has none."""
    if (shape, name) in NAMED:
        return NAMED[shape, name]
    found = [value for module in ASKING.get(shape, ()) for value in asked(module, name)]
    assert all(value == found[0] for value in found), f"{name} has several defaults: {found}"
    # What is not set counts as false.
    return found[0] if found else False if kind is bool else None


def asked(module: ModuleType, name: str) -> Iterator[Any]:
    """The defaults with which a module asks for what is called `name`."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=key), other]) if key == name:
                match other:
                    case ast.Constant(value=value) if value != "":
                        yield value
                    case ast.Name(id=constant) if hasattr(module, constant):
                        yield getattr(module, constant)

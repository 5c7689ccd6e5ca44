"""The one place that knows which backends there are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NotRequired, TypedDict

from components.desired.topology import Topology
from components.placement.contract import Placement
from components.placement.docker.settings import DockerArgs
from components.placement.kubernetes.settings import KubernetesArgs

BACKENDS = {"docker": "network", "kubernetes": "namespace"}
"""Each backend, and the key that names the ground which a tier alone has to be given."""


class PlacementArgs(TypedDict):
    """Where a cluster runs. The key is the choice, so no second setting can disagree with it."""

    docker: NotRequired[DockerArgs]
    """In containers of a local Docker engine."""
    kubernetes: NotRequired[KubernetesArgs]
    """In pods of a Kubernetes cluster."""


def choose(args: Mapping[str, Any]) -> Placement:
    """The backend that `args` name. Raises LookupError for args in which `problems` finds a fault."""
    match args:
        case {"docker": settings, **others} if not others:
            from components.placement.docker.placement import DockerPlacement

            return DockerPlacement(settings)
        case {"kubernetes": settings, **others} if not others:
            from components.placement.kubernetes.placement import KubernetesPlacement

            return KubernetesPlacement(settings)
        case _:
            raise LookupError(f"no single backend in {sorted(args)}")


def problems(args: Mapping[str, Any], topology: Topology, path: str) -> Iterable[str]:
    """Why `args` choose no backend, or what the chosen one cannot place."""
    if len(args) != 1 or not args.keys() <= BACKENDS.keys():
        return [f"{path}: expected `docker` or `kubernetes`, got {' and '.join(sorted(args)) or 'nothing'}"]
    return choose(args).problems(topology, path)


def ground_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """What a tier alone lacks, which makes no ground of its own."""
    for backend, ground in BACKENDS.items():
        if backend in args and ground not in args[backend]:
            yield f"{path}.{backend}.{ground}: required for a tier alone, give the name of an existing {ground}"

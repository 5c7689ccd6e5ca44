"""The one place that knows which backends there are."""

from collections.abc import Iterable, Mapping
from typing import Any, NotRequired, TypedDict

from components.desired.topology import Topology
from components.placement.contract import Placement
from components.placement.docker.settings import DockerArgs


class PlacementArgs(TypedDict):
    """Where a cluster runs. The key is the choice, so no second setting can disagree with it."""

    docker: NotRequired[DockerArgs]
    """In containers of a local Docker engine."""
    kubernetes: NotRequired[dict[str, Any]]
    """In StatefulSets of a Kubernetes cluster."""


def choose(args: Mapping[str, Any]) -> Placement:
    """The backend that `args` name. Raises LookupError for args in which `problems` finds a fault."""
    match args:
        case {"docker": settings, **others} if not others:
            from components.placement.docker.placement import DockerPlacement

            return DockerPlacement(settings)
        case _:
            raise LookupError(f"no single backend in {sorted(args)}")


def problems(args: Mapping[str, Any], topology: Topology, path: str) -> Iterable[str]:
    """Why `args` choose no backend, or what the chosen one cannot place."""
    if "kubernetes" in args:
        return [f"{path}.kubernetes: not built yet, this version places agents with `docker` alone"]
    if set(args) != {"docker"}:
        return [f"{path}: expected `docker`, got {', '.join(sorted(args)) or 'nothing'}"]
    return choose(args).problems(topology, path)

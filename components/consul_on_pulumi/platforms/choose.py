"""The one place that knows which backends there are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NotRequired, TypedDict

from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.contract import Platform
from consul_on_pulumi.platforms.docker.settings import DockerArgs
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs

BACKENDS = {"docker": "network", "kubernetes": "namespace"}
"""Each backend, and the key that names the ground which a tier alone has to be given."""


class PlatformArgs(TypedDict):
    """Where a cluster runs. The key is the choice, so no second setting can disagree with it."""

    docker: NotRequired[DockerArgs]
    """In containers of a local Docker engine."""
    kubernetes: NotRequired[KubernetesArgs]
    """In pods of a Kubernetes cluster."""


def choose(args: Mapping[str, Any]) -> Platform:
    """The backend that `args` name. Raises LookupError for args in which `problems` finds a fault."""
    match args:
        case {"docker": settings, **others} if not others:
            from consul_on_pulumi.platforms.docker.platform import DockerPlatform

            return DockerPlatform(settings)
        case {"kubernetes": settings, **others} if not others:
            from consul_on_pulumi.platforms.kubernetes.platform import KubernetesPlatform

            return KubernetesPlatform(settings)
        case _:
            raise LookupError(f"no single backend in {sorted(args)}")


def problems(args: Mapping[str, Any], topology: Topology, path: str) -> Iterable[str]:
    """Why `args` choose no backend, or what the chosen one cannot place."""
    if len(args) != 1 or not args.keys() <= BACKENDS.keys():
        return [f"{path}: expected `docker` or `kubernetes`, got {' and '.join(sorted(args)) or 'nothing'}"]
    return choose(args).problems(topology, path)


def tier_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """What a tier alone lacks, which makes no ground of its own."""
    for backend, shared_resources in BACKENDS.items():
        if backend in args and shared_resources not in args[backend]:
            yield f"{path}.{backend}.{shared_resources}: required for a tier alone, give the name of an existing {shared_resources}"

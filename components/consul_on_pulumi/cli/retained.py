"""Which volumes or claims outlived a destroy: `python -m consul_on_pulumi.cli.retained STACK`."""

import sys
from collections.abc import Mapping
from typing import Any

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.cli.docker import docker
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import cluster_of, selector


def kept(cluster: str) -> list[str]:
    """The names of the data volumes that carry this cluster's label. Raises UnreachableError where nobody knows."""
    listed = docker("volume", "ls", "--quiet", "--filter", f"label=consul.cluster={cluster}")
    if listed.returncode:
        raise UnreachableError(listed.stderr.strip())
    return sorted(listed.stdout.split())


def claims(cluster: str, settings: KubernetesArgs) -> list[str]:
    """The names of the servers' claims in the namespace of the settings that nothing takes away any more.

    Raises UnreachableError and RefusedError.
    """
    path = f"/api/v1/namespaces/{namespace(cluster, settings)}/persistentvolumeclaims"
    labels = ",".join(f"{key}={value}" for key, value in selector(cluster, Role.SERVER).items())
    listed = ApiServer(cluster_of(settings)).find(path, labelSelector=labels) or {"items": []}
    found = [one["metadata"] for one in listed["items"]]
    # A claim that follows its StatefulSet is owned by it, and goes a moment later.
    return sorted(one["name"] for one in found if not {"deletionTimestamp", "ownerReferences"} & one.keys())


def namespace(cluster: str, settings: KubernetesArgs) -> str:
    """Where the claims are."""
    return settings.get("namespace", cluster)


def told(settings: Mapping[str, Any]) -> list[str]:
    """What is to be said of the data of a cluster with these settings, which was destroyed; often nothing."""
    name, platform = settings["name"], settings.get("platform", {})
    kubernetes: KubernetesArgs | None = platform.get("kubernetes")
    try:
        if kubernetes is None:
            names, command = kept(name), "docker volume rm"
        else:
            names = claims(name, kubernetes)
            command = f"{_kubectl(kubernetes)} --namespace {namespace(name, kubernetes)} delete persistentvolumeclaim"
    except (UnreachableError, RefusedError) as error:
        wanted = any(backend.get("retain_data") for backend in platform.values())
        return [f"what data was kept cannot be told: {error}"] if wanted else []
    if not names:
        return []
    return [
        f"data was kept and the next `up` finds it: {', '.join(names)}",
        f"to remove it for good: {command} {' '.join(names)}",
    ]


def _kubectl(settings: KubernetesArgs) -> str:
    """The command, led to the cluster that the settings name."""
    given = [f"--{key} {settings[key]}" for key in ("context", "kubeconfig") if key in settings]
    return " ".join(["kubectl", *given])


def main(stack: str) -> None:
    """Name them, and say how they go; say nothing where there is none."""
    for line in told(stacks.settings(stack)):
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])

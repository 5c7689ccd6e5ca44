"""What the command `retained-data` does with a Kubernetes cluster, why `recover` does nothing, and whether a cluster
has data there."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, cast

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import CLAIM
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import cluster_of

UNSUPPORTED = (
    "a lost quorum cannot be recovered on Kubernetes: bring back the missing pods if their volume claims still exist, "
    "else create a new cluster (`pulumi destroy`, `pulumi up`) and restore a snapshot (`consul-on-pulumi restore`)"
)
"""Why there is no recovery on this platform, and what to do instead."""
SERVERS = "app.kubernetes.io/name=consul,app.kubernetes.io/component=server"
"""Selects the claims of the servers of all clusters."""
INSTANCE = "app.kubernetes.io/instance"
"""Label with the name of the cluster."""


def data(location: Mapping[str, str]) -> list[str]:
    """The claims of the servers of a cluster; `location` is that of its platform.

    Raises UnreachableError and RefusedError.
    """
    api = ApiServer(Cluster.of(location["kubernetes_cluster"]))
    path = f"/api/v1/namespaces/{location['namespace']}/persistentvolumeclaims"
    listed = api.find(path, labelSelector=f"{SERVERS},{INSTANCE}={location['cluster']}") or {"items": []}
    return [str(claim["metadata"]["name"]) for claim in listed["items"]]


def retained(settings: Mapping[str, Any], pattern: str) -> Iterator[tuple[str, list[str], str]]:
    """Each cluster whose name matches, its unused claims, and the command that deletes them; in the namespace of the
    settings, or in all namespaces. Raises UnreachableError and RefusedError.
    """
    api = ApiServer(cluster_of(cast(KubernetesArgs, settings)))
    namespaces = f"/namespaces/{settings['namespace']}" if "namespace" in settings else ""
    listed = api.find(f"/api/v1{namespaces}/persistentvolumeclaims", labelSelector=SERVERS) or {"items": []}
    clusters: dict[tuple[str, str], list[str]] = {}
    for metadata in (claim["metadata"] for claim in listed["items"]):
        cluster = metadata["labels"].get(INSTANCE, "")
        # A claim with an owner is deleted together with it.
        ending = {"deletionTimestamp", "ownerReferences"} & metadata.keys()
        ours = metadata["name"].startswith(f"{CLAIM}-{naming.tier(cluster, Role.SERVER)}-")
        if ours and not ending and fnmatchcase(cluster, pattern):
            clusters.setdefault((metadata["namespace"], cluster), []).append(metadata["name"])
    given = [f"--{key} {settings[key]}" for key in ("context", "kubeconfig") if key in settings]
    for (namespace, cluster), names in sorted(clusters.items()):
        tier = naming.tier(cluster, Role.SERVER)
        if api.find(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{tier}") is None:
            kubectl = " ".join(["kubectl", *given, "--namespace", namespace])
            yield cluster, sorted(names), f"{kubectl} delete persistentvolumeclaim"

"""What a killed engine left behind: made, but never written to the state, and now in the way of its own name."""

import time
from collections.abc import Callable

import pulumi

from consul_on_pulumi import resource_options
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.tier import CLUSTER_ID

PATHS = {
    "ConfigMap": "/api/v1/namespaces/{namespace}/configmaps/{name}",
    "DaemonSet": "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}",
    "Deployment": "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{name}",
    "Namespace": "/api/v1/namespaces/{name}",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/{name}",
    "Service": "/api/v1/namespaces/{namespace}/services/{name}",
    "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts/{name}",
    "StatefulSet": "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}",
}
"""Kind to where an object of it is found. What Pulumi names by itself is never in the way."""
TIMEOUT = 120.0
"""Seconds for an object to be gone; a namespace takes all that is in it along."""


def cleared(name: str, cluster: Cluster) -> pulumi.ResourceOptions:
    """Options under which an object of this Consul cluster is removed right before its like is created.

    Data is safe: a StatefulSet leaves its pods and claims behind, and its successor takes them over.
    """
    return resource_options.before_create(name, clearing(ApiServer(cluster)))


def clearing(api: ApiServer) -> Callable[[pulumi.ResourceHookArgs], None]:
    """Removes the object that is called what it is told will be created, if it bears the same mark."""

    def clear(args: pulumi.ResourceHookArgs) -> None:
        wanted = args.new_inputs or {}
        metadata = wanted.get("metadata") or {}
        cluster_id = metadata.get("labels", {}).get(CLUSTER_ID)
        path = PATHS.get(str(wanted.get("kind")))
        if not cluster_id or not path or "name" not in metadata:
            return
        where = path.format(name=metadata["name"], namespace=metadata.get("namespace", ""))
        found = api.find(where)
        if found is None or found["metadata"].get("labels", {}).get(CLUSTER_ID) != cluster_id:
            return
        api.delete(where, found["metadata"]["uid"], "Orphan" if wanted["kind"] == "StatefulSet" else "Background")
        deadline = time.monotonic() + TIMEOUT
        while api.find(where) is not None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{where}, left behind by an update that was killed, does not go: delete it by hand")
            time.sleep(0.2)

    return clear

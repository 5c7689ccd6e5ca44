"""Which objects belong to this cluster. An object that somebody else created is neither changed nor deleted.

Before 4.29, and with `upsertExistingObjects`, the Kubernetes provider takes over an object of the same name at create,
and deletes it at destroy; otherwise it refuses to create it (pulumi-kubernetes #4278). So each object is looked for
right before it is created, and in the preview as well (providers/ownership.py).
"""

import time
from collections.abc import Mapping

import pulumi

from consul_on_pulumi import run
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.tier import CLUSTER_ID
from consul_on_pulumi.providers import ownership
from consul_on_pulumi.providers.ownership import Foreign, ForeignObjectError
from consul_on_pulumi.resource_options import Check

PATHS = {
    "ConfigMap": "/api/v1/namespaces/{namespace}/configmaps/{name}",
    "DaemonSet": "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}",
    "Deployment": "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{name}",
    "Namespace": "/api/v1/namespaces/{name}",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}",
    "PersistentVolumeClaim": "/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/{name}",
    "Secret": "/api/v1/namespaces/{namespace}/secrets/{name}",
    "Service": "/api/v1/namespaces/{namespace}/services/{name}",
    "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts/{name}",
    "StatefulSet": "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}",
}
"""API path of every kind with a fixed name. Pulumi gives the Secret of the user's files a name of its own."""
TIMEOUT = 120.0
"""Seconds to wait until a deleted object is gone: a namespace is gone when everything in it is."""
TAKEN_OVER = (
    "Namespace {name} has the ID of this cluster, but the state of this stack does not hold it: it stays, with all its "
    "claims. If Pulumi answers that it already exists, run `PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up` once"
)
"""Without that variable, Kubernetes' provider refuses to take an object over since 4.29."""


def owner(found: Object) -> str | None:
    """The cluster ID that an object bears."""
    cluster_id: str | None = found["metadata"].get("labels", {}).get(CLUSTER_ID)
    return cluster_id


def refusal(namespace: str, found: Mapping[tuple[str, str], str | None]) -> str:
    """The message for objects that exist: `found` maps the kind and name of each to the cluster ID that it bears."""
    foreign = []
    for (kind, name), cluster_id in found.items():
        adopt = ""
        if kind == "PersistentVolumeClaim":
            adopt = "set `platform.kubernetes.retain_data: true` to use the data of an earlier cluster"
        elif kind == "Namespace" and not cluster_id:
            adopt = f"set `platform.kubernetes.namespace: {name}` to use this namespace"
        shown = f"{kind} {name}" if kind == "Namespace" else f"{kind} {namespace}/{name}"
        foreign.append(Foreign(shown, cluster_id, adopt))
    return ownership.refusal(foreign, CLUSTER_ID, "choose another cluster name or namespace")


class StillThereError(Exception):
    """An object that was deleted does not end."""


def before_create(settings: Cluster) -> Check:
    """A hook that looks for an object of the name that is to be created.

    An object of this cluster was left by an interrupted update, or by a refresh that asked another Kubernetes cluster,
    and is deleted. A StatefulSet leaves its pods and claims to the next one, so no data is lost. A namespace would take
    claims along, so one with claims stays. Raises ForeignObjectError for any other object, and StillThereError if a
    deleted object does not end.
    """

    def look(args: pulumi.ResourceHookArgs, connection: Connection) -> None:
        api = ApiServer(Cluster.of(settings.text, connection))
        inputs = args.new_inputs or {}
        kind, metadata = str(inputs.get("kind")), inputs.get("metadata") or {}
        cluster_id = metadata.get("labels", {}).get(CLUSTER_ID)
        if not cluster_id or kind not in PATHS or "name" not in metadata:
            return
        name, namespace = metadata["name"], metadata.get("namespace", "")
        path = PATHS[kind].format(name=name, namespace=namespace)
        deadline = time.monotonic() + TIMEOUT
        while (found := api.find(path)) is not None:
            if "deletionTimestamp" not in found["metadata"]:
                if owner(found) != cluster_id:
                    raise ForeignObjectError(refusal(namespace, {(kind, name): owner(found)}))
                if kind == "Namespace" and api.listed(f"{path}/persistentvolumeclaims", {}):
                    pulumi.log.warn(TAKEN_OVER.format(name=name))
                    return
                api.delete(path, found["metadata"]["uid"], "Orphan" if kind == "StatefulSet" else "Background")
            if time.monotonic() > deadline:
                raise StillThereError(
                    f"{path} was deleted but still exists after {TIMEOUT:.0f} s: see in its `metadata.finalizers` what "
                    "it waits for, then run `pulumi up` again"
                )
            time.sleep(0.2)

    return look


def warn_if_unreachable(settings: Cluster, connection: Connection) -> None:
    """Say in a preview, once, that it does not know what exists in Kubernetes."""
    cluster = Cluster.of(settings.text, connection)
    if not pulumi.runtime.is_dry_run() or run.mocks() or not run.first_time((warn_if_unreachable, cluster)):
        return
    try:
        ApiServer(cluster).find("/version")
    except (RefusedError, UnreachableError) as error:
        pulumi.log.warn(f"This preview does not know which objects exist: {error}")

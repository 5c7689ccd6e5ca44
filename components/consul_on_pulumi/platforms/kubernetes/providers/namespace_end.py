"""NamespaceEnd: waits at `destroy` until the namespace of a cluster is gone, and says what keeps it.

Kubernetes deletes a namespace after everything in it. An object with a finalizer that nobody removes keeps it for ever,
and Pulumi's own wait ends after ten minutes without a word about that object.
"""

import time

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

TIMEOUT = 180.0
"""Seconds for pods to end and for volumes to be unmounted."""
KEPT_TIMEOUT = 20.0
"""Seconds for a controller to remove its finalizers."""
INTERVAL = 0.5
"""Seconds between two requests."""
KEPT = "NamespaceFinalizersRemaining"
"""Condition of a namespace whose objects have finalizers (kube-controller-manager, pkg/controller/namespace)."""


class NamespaceEndProvider(ConsulProvider):
    """Changes nothing; the namespace depends on it, so it is deleted after the namespace."""

    def create(self, props: Properties) -> CreateResult:
        """There is nothing to wait for."""
        return CreateResult(props["namespace"], props)

    def delete(self, _id: str, props: Properties) -> None:
        """Wait until the namespace is gone; raises RolloutStoppedError with what keeps it."""
        path, api = f"/api/v1/namespaces/{props['namespace']}", ApiServer.of(props)
        began, kept_since = time.monotonic(), None
        # A namespace without this mark is a new one of the same name.
        while (found := api.find(path)) and "deletionTimestamp" in found["metadata"]:
            kept = _kept(found)
            kept_since = (kept_since or time.monotonic()) if kept else None
            waited = time.monotonic() - (kept_since or began)
            if waited > (KEPT_TIMEOUT if kept else TIMEOUT):
                raise RolloutStoppedError(
                    f"Namespace {props['namespace']} is being deleted and still exists after {waited:.0f} s "
                    f"({kept or 'Kubernetes does not say why'}). Delete what keeps it, or remove its finalizers, "
                    "then run `pulumi destroy` again"
                )
            time.sleep(INTERVAL)


class NamespaceEnd(ProviderResource, module="consul-on-pulumi", name="NamespaceEnd"):
    """The namespace depends on this."""

    def __init__(self, name: str, cluster: Cluster, namespace: str, opts: pulumi.ResourceOptions) -> None:
        """`namespace` is its name."""
        super().__init__(NamespaceEndProvider(), name, {"cluster": cluster.text, "namespace": namespace}, opts)


def _kept(namespace: Object) -> str:
    """What Kubernetes says about objects with finalizers; empty where there are none."""
    conditions = namespace.get("status", {}).get("conditions", [])
    true = {one["type"]: str(one.get("message")) for one in conditions if one["status"] == "True"}
    return "; ".join(message for kind, message in sorted(true.items()) if KEPT in true)

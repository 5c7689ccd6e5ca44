"""One tier on Kubernetes: what its objects are called, labelled and selected by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs

CLUSTER_ID = "consul-on-pulumi/cluster-id"
"""Label with the word that tells one cluster's objects from any other's, also of the same name."""
SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Readiness is proved by asking Consul; waiting for endpoints would cost ten seconds a Service."""
CREATED_IS_ENOUGH = {"pulumi.com/waitFor": "jsonpath={.metadata.uid}"}
"""Of a workload behind which a roll of ours stands, which knows better than a probe when its agents are ready."""


@dataclass(frozen=True, slots=True)
class Tier:
    """The agents of one role in one namespace."""

    name: str
    """Prefix of the logical names."""
    group: AgentGroup
    settings: KubernetesArgs

    @property
    def namespace(self) -> str:
        """Where all objects are."""
        return self.settings["namespace"]

    @property
    def object_name(self) -> str:
        """The name of the workload, of its service and of what there is one of: `dev-server`."""
        return naming.tier(self.group.topology.cluster, self.group.role)

    @property
    def selector(self) -> dict[str, str]:
        """The labels that its pods are found by."""
        return selector(self.group.topology.cluster, self.group.role)

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels of its pods."""
        return {**self.settings.get("labels", {}), "app.kubernetes.io/managed-by": "pulumi", **self.selector}

    def metadata(self, object_name: str | None, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Of an object of this name; without one, Pulumi gives it a name that nothing else ever had."""
        marked = {} if self.group.cluster_id is None else {CLUSTER_ID: self.group.cluster_id}
        named = {} if object_name is None else {"name": object_name}
        noted = {"annotations": dict(annotations)} if annotations else {}
        return {**named, "namespace": self.namespace, "labels": {**self.pod_labels, **marked}, **noted}


def selector(cluster: str, role: Role | None = None) -> dict[str, str]:
    """The recommended labels that tell the agents of one cluster, or those of one role, from all other pods."""
    component = {"app.kubernetes.io/component": role.value} if role else {}
    return {"app.kubernetes.io/name": "consul", "app.kubernetes.io/instance": cluster, **component}


def cluster_of(settings: KubernetesArgs) -> Cluster:
    """The Kubernetes cluster that the settings mean."""
    return Cluster(settings.get("context", ""), settings.get("kubeconfig", ""))

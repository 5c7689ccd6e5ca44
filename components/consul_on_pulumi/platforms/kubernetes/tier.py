"""One tier on Kubernetes: the names, labels and selectors of its objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role, failure_tolerance
from consul_on_pulumi.outputs import is_output, lifted
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster, is_content
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import CLAIM
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs

CLUSTER_ID = "consul-on-pulumi/cluster-id"
"""Label of every object: tells a cluster's objects from those of another cluster with the same name."""
ROLE = "app.kubernetes.io/component"
"""Label of every object and pod: the role of its agents."""
MANAGED = {"app.kubernetes.io/managed-by": "pulumi"}
"""A recommended label of every object and pod."""
PHASE = "consul-on-pulumi/security"
"""Label of the pods of a closed cluster: how far its agent is closed (model/adoption.py)."""
FILES = "consul-on-pulumi/files"
"""Annotation of a pod: which files were brought to it last."""
RESTART = "consul-on-pulumi/restart"
"""Annotation of the pods of servers: another value restarts them."""
OURS = {"pulumi.com/patchForce": "true"}
"""Annotation of every object: an update sets our fields again where somebody else changed them, as `kubectl scale`
does. Without it the API server refuses the update (pulumi-kubernetes #2491)."""
SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Annotation of a Service, since we ask Consul whether it is ready and waiting for endpoints would take ten seconds
longer; and of a namespace, whose end NamespaceEnd waits for."""
CREATED_IS_ENOUGH = {"pulumi.com/waitFor": "jsonpath={.metadata.uid}"}
"""Annotation of a workload whose rollout a resource of ours waits for."""


@dataclass(frozen=True, slots=True)
class Tier:
    """The agents of one role in one namespace."""

    name: str
    """Prefix of the logical names."""
    group: AgentGroup
    settings: KubernetesArgs
    namespace_exists: bool = False
    """Whether the namespace must exist already, because nothing in this program is created before the tier."""
    storage_class_exists: bool = False
    """The same for the StorageClass of its claims."""

    @property
    def domain(self) -> pulumi.Input[str]:
        """The DNS domain of its Services."""
        return domain(self.settings)

    @property
    def object_name(self) -> str:
        """The name of the workload, and of every object that there is one of: `dev-server`."""
        return naming.tier(self.group.topology.cluster, self.group.role)

    @property
    def node_names(self) -> list[str]:
        """The node names of servers, by ordinal; their pods have the same names."""
        return [naming.node(self.group.topology.cluster, Role.SERVER, ordinal) for ordinal in range(self.group.count)]

    @property
    def live_secret(self) -> str:
        """The name of the Secret with the files that agents read again while they run."""
        return f"{self.object_name}-security"

    @property
    def claims(self) -> list[str]:
        """The names of the servers' claims, by ordinal."""
        return [f"{CLAIM}-{name}" for name in self.node_names]

    @property
    def http_service(self) -> str:
        """The name of the Service of the HTTP and gRPC interfaces."""
        return f"{self.group.topology.cluster}-http" if self.group.role is Role.SERVER else self.object_name

    @property
    def dns_service(self) -> str:
        """The name of the Service of the DNS interface."""
        return f"{self.group.topology.cluster if self.group.role is Role.SERVER else self.object_name}-dns"

    @property
    def ui(self) -> str:
        """The name of the Service and the Ingress of the UI."""
        return f"{self.group.topology.cluster}-ui"

    @property
    def objects(self) -> list[str]:
        """Every object as `KIND/NAME`, except those whose name contains a digest: known before any is created."""
        own = ["ServiceAccount"]
        if self.settings["network_policy"]["enabled"]:
            own.append("NetworkPolicy")
        others = [f"Secret/{self.live_secret}"] if self.group.live else []
        if self.group.role is Role.CLIENT:
            own.append(self.settings["clients"])
        else:
            own += ["StatefulSet", "Service", *(["PodDisruptionBudget"] if failure_tolerance(self.group.count) else [])]
            others += [f"Service/{self.ui}", *(f"PersistentVolumeClaim/{name}" for name in self.claims)]
            if "ingress" in self.settings["ui"]:
                others.append(f"Ingress/{self.ui}")
        services = [f"Service/{self.http_service}", f"Service/{self.dns_service}"]
        return [*(f"{kind}/{self.object_name}" for kind in own), *services, *others]

    @property
    def selector(self) -> dict[str, str]:
        """The labels that select its pods."""
        return selector(self.group.topology.cluster, self.group.role)

    @property
    def pod_labels(self) -> dict[str, pulumi.Input[str]]:
        """The labels of its objects, and by which others select its pods."""
        return {**self.settings["labels"], **MANAGED, **self.selector}

    @property
    def agent_labels(self) -> dict[str, pulumi.Input[str]]:
        """The labels of its pods, with the phase of security."""
        return {**self.pod_labels, **({PHASE: self.group.phase} if self.group.phase else {})}

    @property
    def agent_annotations(self) -> dict[str, pulumi.Input[str]]:
        """The annotations of its pods."""
        return {**self.settings["annotations"], **({RESTART: self.group.restart} if self.group.restart else {})}

    @property
    def claim_labels(self) -> dict[str, pulumi.Input[str]]:
        """The labels of its claims."""
        return {**self.settings["labels"], **self.selector, **self._cluster_id}

    def metadata(
        self, object_name: str | None, annotations: Mapping[str, pulumi.Input[str]] | None = None
    ) -> dict[str, Any]:
        """The metadata of an object; without a name, Pulumi gives it a unique one."""
        return {
            **({} if object_name is None else {"name": object_name}),
            "namespace": self.settings["namespace"],
            "labels": {**self.pod_labels, **self._cluster_id},
            "annotations": {**OURS, **(annotations or {})},
        }

    @property
    def _cluster_id(self) -> dict[str, pulumi.Input[str]]:
        return {} if self.group.cluster_id is None else {CLUSTER_ID: self.group.cluster_id}


def selector(cluster: str, role: Role | None = None) -> dict[str, str]:
    """The recommended labels that select the agents of one cluster, or those of one role."""
    component = {ROLE: role.value} if role else {}
    return {"app.kubernetes.io/name": "consul", "app.kubernetes.io/instance": cluster, **component}


def domain(settings: KubernetesArgs) -> pulumi.Input[str]:
    """The DNS domain of Services in the namespace of the settings."""
    found: pulumi.Input[str] = lifted(lambda namespace: f"{namespace}.svc", settings["namespace"])
    return found


def cluster_of(settings: KubernetesArgs) -> Cluster:
    """The Kubernetes cluster that the settings mean; where `later_cluster` tells it, none."""
    found: dict[str, Any] = {} if later_cluster(settings) else {**settings}
    return Cluster(found.get("context", ""), found.get("kubeconfig", ""))


def later_cluster(settings: KubernetesArgs) -> dict[str, pulumi.Input[str]]:
    """The context and the kubeconfig if an Output or the content of a kubeconfig is among them: then the connection
    holds them, which is secret, and an address does not."""
    given: dict[str, Any] = {key: settings.get(key) for key in ("context", "kubeconfig") if key in settings}
    hidden = any(map(is_output, given.values())) or is_content(given.get("kubeconfig", ""))
    return given if hidden else {}

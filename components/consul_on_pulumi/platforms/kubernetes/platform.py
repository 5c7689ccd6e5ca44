"""KubernetesPlatform: a namespace with a StatefulSet of servers, and clients."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.outputs import is_output, lifted
from consul_on_pulumi.platforms.contract import AgentGroup, Placed, SharedResources
from consul_on_pulumi.platforms.kubernetes import ownership, refusals
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster, is_content
from consul_on_pulumi.platforms.kubernetes.connection import KIND, parts
from consul_on_pulumi.platforms.kubernetes.objects import clients, configuration, servers
from consul_on_pulumi.platforms.kubernetes.providers.namespace_end import NamespaceEnd
from consul_on_pulumi.platforms.kubernetes.providers.ownership import OwnershipProvider
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import (
    CLUSTER_ID,
    OURS,
    SKIP_AWAIT,
    Tier,
    cluster_of,
    domain,
    later_cluster,
    selector,
)
from consul_on_pulumi.providers import connecting
from consul_on_pulumi.providers.ownership import Ownership
from consul_on_pulumi.providers.provider import ProviderResource
from consul_on_pulumi.resource_options import before_create, replaced_by_own_changes, with_options

LEAVE_ON_TERMINATE = True
"""A server leaves Raft when its pod ends, because the next pod has another address. The agents refuse the name of a
server that did not leave for half a minute, and may lose their leader in that time (measured: docs/operations.md)."""


@dataclass(frozen=True, slots=True)
class KubernetesPlatform:
    """Implements `Platform` on Kubernetes."""

    settings: KubernetesArgs
    shared: str = "namespace"
    max_configuration: int = configuration.MAX_CONFIGURATION

    def connection(self, component: pulumi.Resource) -> Mapping[str, pulumi.Input[Any]]:
        """The cluster of Kubernetes' provider."""
        return parts(component, cluster_of(self.settings), later_cluster(self.settings))

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Combinations of settings that no cluster can have."""
        return refusals.problems(self.settings, topology, path)

    def requests_from(self) -> str | None:
        """The pod itself where the API server forwards ports to it; otherwise unknown."""
        return "127.0.0.1" if self.settings["consul_access"] in ("auto", "port-forward") else None

    def fixed_settings(self) -> dict[str, pulumi.Input[str]]:
        """The place and the storage class of the volumes: a volume cannot change them."""
        return {
            "kubernetes.namespace": self.settings.get("namespace", "of its own"),
            "kubernetes.storage.storage_class": self.settings["storage"].get("storage_class", "the default"),
        }

    def location(self, topology: Topology) -> dict[str, pulumi.Input[str]]:
        """In claims of the namespace."""
        return {
            "platform": "kubernetes",
            "cluster": topology.cluster,
            "namespace": self.settings.get("namespace", topology.cluster),
            "kubernetes_cluster": cluster_of(self.settings).text,
        }

    def traits(self) -> PlatformTraits:
        """DNS names in the namespace, and logs as JSON for a log collector."""
        return PlatformTraits(
            servers_leave_on_terminate=LEAVE_ON_TERMINATE, log_json=True, domain=domain(self.settings)
        )

    def certificate_secrets(self) -> dict[Role, pulumi.Input[str]]:
        """Secrets beside the agents, of cert-manager for instance."""
        found: Mapping[str, Any] = self.settings.get("certificates", {})
        return {role: found[f"{role.value}s"] for role in Role if f"{role.value}s" in found}

    def asked_names(self) -> list[str]:
        """None: a forwarded port leads to the loopback interface of a pod."""
        return []

    def certificate_names(self, topology: Topology, role: Role, ordinal: int) -> list[pulumi.Input[str]]:
        """The Services that lead to an agent, the name of a server's pod, and the way of this program to it."""
        tier = naming.tier(topology.cluster, role)
        hosts = [tier] if role is Role.CLIENT else [f"{topology.cluster}-http", f"{topology.cluster}-ui", tier]
        hosts += [f"{naming.node(topology.cluster, role, ordinal)}.{tier}"] if role is Role.SERVER else []
        ends = ("", ".svc", ".svc.cluster.local")
        names = [lifted(f"{host}.{{}}{end}".format, self.settings["namespace"]) for host in hosts for end in ends]
        access = self.settings["consul_access"]
        if role is Role.SERVER and access not in refusals.SCHEMES:
            names.append(urlsplit(access.format(pod=naming.node(topology.cluster, role, ordinal))).hostname)
        return names

    def shared_resources(
        self, name: str, topology: Topology, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> SharedResources:
        """The namespace, unless the settings name one that exists."""
        opts = self._prepared(name, opts)
        provider = pulumi.ResourceOptions(provider=opts.provider)
        if "namespace" in self.settings:
            return SharedResources(platform={"kubernetes": self.settings}, opts=provider)
        levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        labels = {**self.settings["labels"], **selector(topology.cluster), **levels, CLUSTER_ID: cluster_id}
        owned = self._owned(name, [f"Namespace/{topology.cluster}"], cluster_id, opts)
        end = NamespaceEnd(f"{name}-namespace-end", cluster_of(self.settings), topology.cluster, opts)
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={"name": topology.cluster, "labels": labels, "annotations": {**OURS, **SKIP_AWAIT}},
            opts=with_options(opts, depends_on=[owned, end]),
        )
        return SharedResources(
            platform={"kubernetes": {**self.settings, "namespace": topology.cluster}},
            opts=with_options(provider, depends_on=[namespace]),
        )

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """Create the workload of one tier, and the objects that it needs."""
        if not group.count:
            return Placed()
        # Any other resource may create the namespace or, unless it is a namespace itself, the StorageClass.
        others = [one for one in _dependencies(opts) if not isinstance(one, ProviderResource)]
        no_class = all(isinstance(one, kubernetes.core.v1.Namespace) for one in others)
        tier = Tier(
            name,
            group,
            self.settings,
            namespace_exists=not others and not is_output(self.settings["namespace"]),
            storage_class_exists=no_class and not is_output(self.settings["storage"].get("storage_class")),
        )
        opts = self._prepared(name, opts)
        retained = tier.selector if self.settings["retain_data"] else {}
        owned = self._owned(name, tier.objects, group.cluster_id, opts, retained)
        create_tier = servers.place if group.role is Role.SERVER else clients.place
        return create_tier(tier, with_options(opts, depends_on=[owned]))

    def _owned(
        self,
        name: str,
        objects: Sequence[str],
        cluster_id: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions,
        retained: Mapping[str, str] | None = None,
    ) -> Ownership:
        where = {
            "namespace": self.settings.get("namespace", ""),
            "cluster": cluster_of(self.settings).text,
            "retained": retained or {},
        }
        return Ownership(OwnershipProvider(), f"{name}-ownership", objects, cluster_id, where, opts)

    def _prepared(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """`opts` with a check of each object before its creation, and with a provider for the context of the settings
        unless the caller passed a provider."""
        cluster = cluster_of(self.settings)
        connection = connecting.of(opts.parent)
        connection.apply(partial(ownership.warn_if_unreachable, cluster))
        inherited = opts.parent.get_provider(KIND) if opts.parent else None
        if inherited is None and (cluster != Cluster() or later_cluster(self.settings)):
            provider = kubernetes.Provider(
                f"{name}-kubernetes",
                context=self.settings.get("context"),
                kubeconfig=lifted(_expanded, self.settings.get("kubeconfig")),
                opts=pulumi.ResourceOptions(parent=opts.parent),
            )
            opts = with_options(opts, provider=provider)
        opts = pulumi.ResourceOptions.merge(opts, replaced_by_own_changes("kubernetes", self.settings.get("namespace")))
        return pulumi.ResourceOptions.merge(opts, before_create(name, ownership.before_create(cluster), connection))


def _dependencies(opts: pulumi.ResourceOptions) -> Sequence[object]:
    given = opts.depends_on
    return given if isinstance(given, list) else [] if given is None else [given]


def _expanded(kubeconfig: str | None) -> Any:
    """What the provider gets: a whole path, or a content as a secret."""
    if kubeconfig is None:
        return None
    return pulumi.Output.secret(kubeconfig) if is_content(kubeconfig) else str(Path(kubeconfig).expanduser())


def create(settings: KubernetesArgs) -> KubernetesPlatform:
    """The platform with these settings."""
    return KubernetesPlatform(settings)

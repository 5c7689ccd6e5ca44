"""KubernetesPlatform: a namespace, in it a StatefulSet of servers and the clients beside it."""

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.contract import NOTHING, AgentGroup, Placed, SharedResources
from consul_on_pulumi.platforms.kubernetes import orphans, pulumi_provider, refusals
from consul_on_pulumi.platforms.kubernetes.objects import clients, servers
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import CLUSTER_ID, Tier, cluster_of, selector

LEAVE_ON_TERMINATE = True
"""Whether a server whose pod ends leaves Raft. It returns at another address: one that did not leave is taken for dead
there for half a minute, and the others may lose their leader meanwhile (measured: docs/operations.md)."""
OWN = "of its own"
"""Said of the namespace where the settings name none."""
STANDARD = "pod-security.kubernetes.io"
"""Prefix of the labels that make a namespace refuse pods with more rights than agents need."""


@dataclass(frozen=True, slots=True)
class KubernetesPlatform:
    """The Kubernetes backend; satisfies `Platform`."""

    settings: KubernetesArgs

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Settings that make no objects, and a number of clients that cannot be kept."""
        yield from refusals.problems(self.settings, f"{path}.kubernetes")
        yield from refusals.client_problems(self.settings, topology.clients, f"{path}.kubernetes")

    def fixed(self) -> dict[str, str]:
        """Where the volumes are, and what they are made of: neither follows a change."""
        return {
            "kubernetes.namespace": self.settings.get("namespace", OWN),
            "kubernetes.storage.storage_class": self.settings.get("storage", {}).get("storage_class", "the default"),
        }

    def traits(self) -> PlatformTraits:
        """Names of a namespace, and logs that a machine collects."""
        return PlatformTraits(servers_leave_on_terminate=LEAVE_ON_TERMINATE, log_json=True, domain=self._domain)

    def shared_resources(
        self, name: str, topology: Topology, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> SharedResources:
        """The namespace, unless the settings name one that exists."""
        opts = self._prepared(name, opts)
        provider = pulumi.ResourceOptions(provider=opts.provider) if opts.provider else pulumi.ResourceOptions()
        if "namespace" in self.settings:
            return SharedResources(platform={"kubernetes": self.settings}, opts=provider)
        levels = {f"{STANDARD}/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        labels = {**self.settings.get("labels", {}), **selector(topology.cluster), **levels, CLUSTER_ID: cluster_id}
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace", metadata={"name": topology.cluster, "labels": labels}, opts=opts
        )
        return SharedResources(
            platform={"kubernetes": {**self.settings, "namespace": topology.cluster}},
            opts=pulumi.ResourceOptions.merge(provider, pulumi.ResourceOptions(depends_on=[namespace])),
        )

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """The workload of one tier, and what it needs."""
        if not group.count:
            return NOTHING
        tier = Tier(name, group, self.settings)
        make = servers.place if group.role is Role.SERVER else clients.place
        return make(tier, self._domain, self._prepared(name, opts))

    def _prepared(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """`opts` with the provider that the settings ask for, and with what clears the way."""
        provided = pulumi_provider.with_provider(name, self.settings, opts)
        return pulumi.ResourceOptions.merge(provided, orphans.cleared(name, cluster_of(self.settings)))

    @property
    def _domain(self) -> str:
        return f"{self.settings['namespace']}.svc"

"""ServiceAccount, PodDisruptionBudget and NetworkPolicy of a tier."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.topology import Role, failure_tolerance
from consul_on_pulumi.platforms.kubernetes.tier import Tier, selector


def account(tier: Tier, opts: pulumi.ResourceOptions) -> kubernetes.core.v1.ServiceAccount:
    """A service account without rights; its token is mounted into no pod."""
    return kubernetes.core.v1.ServiceAccount(
        f"{tier.name}-account",
        metadata=tier.metadata(tier.object_name),
        automount_service_account_token=False,
        opts=opts,
    )


def budget(tier: Tier, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """A drain of nodes evicts one server at a time. A single server has no budget: it would block every drain."""
    if not failure_tolerance(tier.group.count):
        return []
    spec = {"max_unavailable": 1, "selector": {"match_labels": tier.selector}}
    metadata = tier.metadata(tier.object_name)
    return [kubernetes.policy.v1.PodDisruptionBudget(f"{tier.name}-budget", metadata=metadata, spec=spec, opts=opts)]


def network_policy(tier: Tier, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Raft and gossip only from agents of this cluster, or from all pods while it joins another one; HTTP, gRPC and DNS
    from the namespace and the `peers`."""
    settings = tier.settings["network_policy"]
    if not settings["enabled"]:
        return []
    agents = {"pod_selector": {"match_labels": selector(tier.group.topology.cluster)}}
    raft = [_port(ports.SERVER)] if tier.group.role is Role.SERVER else []
    gossip = [_port(ports.SERF_LAN), _port(ports.SERF_LAN, "UDP")]
    api: tuple[int, ...] = () if tier.group.insists else (ports.HTTP, ports.GRPC)
    api += (ports.HTTPS, ports.GRPC_TLS) if tier.group.is_closed else ()
    user_ports = [*map(_port, api), _port(ports.DNS), _port(ports.DNS, "UDP")]
    # The other servers of a cluster that is joined are in pods of anybody.
    others: list[Any] = [{"namespace_selector": {}}, *settings["peers"]] if tier.group.join else []
    from_agents = {"from_": [agents, *others], "ports": [*raft, *gossip]}
    from_users = {"from_": [{"pod_selector": {}}, *settings["peers"]], "ports": user_ports}
    spec = {
        "pod_selector": {"match_labels": tier.selector},
        "policy_types": ["Ingress"],
        "ingress": [from_agents, from_users, *_from_browsers(tier)],
    }
    metadata = tier.metadata(tier.object_name)
    return [kubernetes.networking.v1.NetworkPolicy(f"{tier.name}-policy", metadata=metadata, spec=spec, opts=opts)]


def _from_browsers(tier: Tier) -> list[dict[str, Any]]:
    """Requests for a UI with an outside address come from nodes, load balancers or an ingress controller."""
    ui = tier.settings["ui"]
    if tier.group.role is Role.CLIENT or (ui["type"] == "ClusterIP" and "ingress" not in ui):
        return []
    anywhere: dict[str, Any] = {"from_": [{"namespace_selector": {}}]} if ui["type"] == "ClusterIP" else {}
    return [{**anywhere, "ports": [_port(ports.HTTPS if tier.group.insists else ports.HTTP)]}]


def _port(number: int, protocol: str = "TCP") -> dict[str, Any]:
    return {"port": number, "protocol": protocol}

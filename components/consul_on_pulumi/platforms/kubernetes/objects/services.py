"""The Services before a tier: a name for each server, one for the API, one for DNS."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.tier import SKIP_AWAIT, Tier

DNS = 53
"""Where resolvers ask."""


def headless(tier: Tier, opts: pulumi.ResourceOptions) -> kubernetes.core.v1.Service:
    """The names of the servers, each for itself and all together; also of those that are not ready, else none is."""
    return kubernetes.core.v1.Service(
        f"{tier.name}-headless",
        metadata=tier.metadata(tier.object_name, SKIP_AWAIT),
        spec={
            "cluster_ip": "None",
            "publish_not_ready_addresses": True,
            "selector": tier.selector,
            "ports": [
                _port("server", ports.SERVER),
                _port("serf", ports.SERF_LAN),
                _port("serf-udp", ports.SERF_LAN, "UDP"),
                _port("http", ports.HTTP),
                _port("grpc", ports.GRPC),
                _port("dns", ports.DNS),
                _port("dns-udp", ports.DNS, "UDP"),
            ],
        },
        opts=opts,
    )


def api(tier: Tier, opts: pulumi.ResourceOptions) -> kubernetes.core.v1.Service:
    """One address for the HTTP and gRPC interfaces of all agents that know a leader."""
    object_name = f"{tier.group.topology.cluster}-http" if tier.group.role is Role.SERVER else tier.object_name
    return _shared(tier, f"{tier.name}-http", object_name, [_port("http", ports.HTTP), _port("grpc", ports.GRPC)], opts)


def dns(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """One address for the DNS interface of all agents, `host:port`, for a stub domain of Kubernetes' DNS."""
    object_name = f"{tier.object_name}-dns" if tier.group.role is Role.CLIENT else f"{tier.group.topology.cluster}-dns"
    wanted = [_port("dns", DNS, target="dns"), _port("dns-udp", DNS, "UDP", target="dns-udp")]
    made = _shared(tier, f"{tier.name}-dns", object_name, wanted, opts)
    # In the preview of a first update Kubernetes has given no address yet.
    found: pulumi.Output[str] = made.spec.apply(
        lambda spec: _host_port(spec.cluster_ip or f"{object_name}.{tier.namespace}.svc", DNS)
    )
    return found


def _shared(
    tier: Tier, name: str, object_name: str, wanted: list[dict[str, Any]], opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.Service:
    near = tier.group.role is Role.CLIENT and tier.settings.get("clients") == "DaemonSet"
    return kubernetes.core.v1.Service(
        name,
        metadata=tier.metadata(object_name, SKIP_AWAIT),
        spec={
            "type": "ClusterIP",
            "selector": tier.selector,
            "ports": wanted,
            # With a client on each node, everybody asks the one beside it.
            **({"internal_traffic_policy": "Local"} if near else {}),
        },
        opts=opts,
    )


def _port(name: str, number: int, protocol: str = "TCP", target: str = "") -> dict[str, Any]:
    return {"name": name, "port": number, "protocol": protocol, "target_port": target or name}


def _host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

"""The Services of a tier: one name for each server, one address for the API, one for DNS."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.objects import names
from consul_on_pulumi.platforms.kubernetes.tier import SKIP_AWAIT, Tier

DNS = 53
"""Port of the DNS Service."""


def headless(tier: Tier, opts: pulumi.ResourceOptions) -> kubernetes.core.v1.Service:
    """DNS names for each server and for all of them, ready or not: servers need these names to become ready."""
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
    return _shared(
        tier,
        f"{tier.name}-http",
        names.http_service(tier),
        [_port("http", ports.HTTP), _port("grpc", ports.GRPC)],
        opts,
    )


def dns(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """One address, `host:port`, for the DNS interface of all agents: the target of a stub domain in CoreDNS."""
    object_name = names.dns_service(tier)
    service_ports = [_port("dns", DNS, target="dns"), _port("dns-udp", DNS, "UDP", target="dns-udp")]
    service = _shared(tier, f"{tier.name}-dns", object_name, service_ports, opts)
    # In the first preview there is no cluster IP yet.
    address: pulumi.Output[str] = service.spec.apply(
        lambda spec: _host_port(spec.cluster_ip or f"{object_name}.{tier.namespace}.svc", DNS)
    )
    return address


def _shared(
    tier: Tier, name: str, object_name: str, service_ports: list[dict[str, Any]], opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.Service:
    on_every_node = tier.group.role is Role.CLIENT and tier.settings["clients"] == "DaemonSet"
    return kubernetes.core.v1.Service(
        name,
        metadata=tier.metadata(object_name, SKIP_AWAIT),
        spec={
            "type": "ClusterIP",
            "selector": tier.selector,
            "ports": service_ports,
            # With a client on each node, every pod uses the one of its own node.
            **({"internal_traffic_policy": "Local"} if on_every_node else {}),
        },
        opts=opts,
    )


def _port(name: str, number: int, protocol: str = "TCP", target: str = "") -> dict[str, Any]:
    return {"name": name, "port": number, "protocol": protocol, "target_port": target or name}


def _host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

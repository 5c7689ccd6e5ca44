"""The Services of a tier: a name for each server, an address for the API, one for DNS, and one for the UI."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.objects import pod
from consul_on_pulumi.platforms.kubernetes.providers.load_balancer import LoadBalancer
from consul_on_pulumi.platforms.kubernetes.tier import SKIP_AWAIT, Tier, cluster_of
from consul_on_pulumi.resource_options import with_options

DNS = 53
"""Port of the DNS Service."""
UI, UI_HTTPS = 80, 443
"""Ports of the UI Service."""


def headless(tier: Tier, opts: pulumi.ResourceOptions) -> kubernetes.core.v1.Service:
    """DNS names for each server and for all of them, ready or not: servers need these names to become ready."""
    service_ports = [_port(*port) for port in pod.named_ports(tier.group.role, tier.group.phase)]
    spec = {"cluster_ip": "None", "publish_not_ready_addresses": True, "ports": service_ports}
    return _service(tier, "headless", tier.object_name, spec, opts)


def api(tier: Tier, opts: pulumi.ResourceOptions) -> kubernetes.core.v1.Service:
    """One address for the HTTP and gRPC interfaces of all agents that know a leader."""
    spec = {**_cluster_ip(tier), "ports": _api_ports(tier)}
    return _service(tier, "http", tier.http_service, spec, opts)


def api_url(tier: Tier, host: str) -> pulumi.Output[str]:
    """The base URL of the HTTP API of this host below the tier's domain."""
    scheme, port = ("https", ports.HTTPS) if tier.group.insists else ("http", ports.HTTP)
    return pulumi.Output.format("{0}://{1}.{2}:{3}", scheme, host, tier.domain, port)


def dns(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """One address, `host:port`, for the DNS interface of all agents: the target of a stub domain in CoreDNS."""
    object_name = tier.dns_service
    service_ports = [_port("dns", DNS, target="dns"), _port("dns-udp", DNS, "UDP", target="dns-udp")]
    service = _service(tier, "dns", object_name, {**_cluster_ip(tier), "ports": service_ports}, opts)
    # In the first preview there is no cluster IP yet.
    address: pulumi.Output[str] = pulumi.Output.all(service.spec.cluster_ip, tier.domain).apply(
        lambda known: f"{_in_url(known[0] or f'{object_name}.{known[1]}')}:{DNS}"
    )
    return address


def ui(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Create the Service of the UI, and the Ingress if the settings want one; returns the base URL of the UI.

    In a closed cluster the port for HTTPS comes first; the other one is for `kubectl port-forward`.
    """
    settings = tier.settings["ui"]
    kind, object_name, closed = settings["type"], tier.ui, tier.group.insists
    found = [_port("https", UI_HTTPS), _port("http", UI)] if closed else [_port("http", UI)]
    if closed and kind != "ClusterIP":
        # Nobody outside reaches the loopback interface of a pod.
        found = found[:1]
    if "node_port" in settings:
        found[0]["node_port"] = settings["node_port"]
    spec: dict[str, Any] = {"type": kind, "ports": found}
    scheme = "https" if closed else "http"
    if "source_ranges" in settings:
        spec["load_balancer_source_ranges"] = settings["source_ranges"]
    service = _service(tier, "ui", object_name, spec, opts, {**settings["annotations"], **SKIP_AWAIT})
    url = pulumi.Output.format("{0}://{1}.{2}", scheme, object_name, tier.domain)
    if "ingress" in settings:
        url = _ingress(tier, object_name, opts)
    elif kind == "LoadBalancer":
        namespace, after = tier.settings["namespace"], with_options(opts, depends_on=[service], deleted_with=service)
        balancer = LoadBalancer(f"{tier.name}-ui-address", cluster_of(tier.settings), namespace, object_name, after)
        url = balancer.address.apply(
            lambda address: f"{scheme}://{_in_url(address)}" if address else f"{scheme}://pending"
        )
    elif kind == "NodePort":
        host = pulumi.Output.from_input(settings["host"]).apply(_in_url)
        url = pulumi.Output.format("{0}://{1}:{2}", scheme, host, service.spec.ports[0].node_port)
    return url


def _ingress(tier: Tier, object_name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    ingress = tier.settings["ui"]["ingress"]
    backend = {"service": {"name": object_name, "port": {"name": "https" if tier.group.insists else "http"}}}
    paths = [{"path": "/", "path_type": "Prefix", "backend": backend}]
    spec: dict[str, Any] = {"rules": [{"host": ingress["host"], "http": {"paths": paths}}]}
    if "class_name" in ingress:
        spec["ingress_class_name"] = ingress["class_name"]
    if tier.group.is_closed and "tls_secret" not in ingress:
        # Not refused: some controllers serve HTTPS with a certificate of their own.
        pulumi.log.warn(
            "platform.kubernetes.ui.ingress: without `tls_secret` browsers send the token that people log in with by "
            "plain HTTP: set `tls_secret`, or see that the controller serves HTTPS only",
            opts.parent,
        )
    if "tls_secret" in ingress:
        spec["tls"] = [{"hosts": [ingress["host"]], "secret_name": ingress["tls_secret"]}]
    metadata = tier.metadata(object_name, {**ingress["annotations"], **SKIP_AWAIT})
    kubernetes.networking.v1.Ingress(f"{tier.name}-ingress", metadata=metadata, spec=spec, opts=opts)
    return pulumi.Output.concat("https://" if "tls_secret" in ingress else "http://", ingress["host"])


def _service(
    tier: Tier,
    suffix: str,
    object_name: str,
    spec: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    annotations: Mapping[str, pulumi.Input[str]] = SKIP_AWAIT,
) -> kubernetes.core.v1.Service:
    return kubernetes.core.v1.Service(
        f"{tier.name}-{suffix}",
        metadata=tier.metadata(object_name, annotations),
        spec={"selector": tier.selector, **spec},
        opts=opts,
    )


def _cluster_ip(tier: Tier) -> dict[str, str]:
    """With a client on each node, every pod uses the one of its own node."""
    on_every_node = tier.group.role is Role.CLIENT and tier.settings["clients"] == "DaemonSet"
    return {"type": "ClusterIP", **({"internal_traffic_policy": "Local"} if on_every_node else {})}


def _port(name: str, number: int, protocol: str = "TCP", target: str = "") -> dict[str, Any]:
    return {"name": name, "port": number, "protocol": protocol, "target_port": target or name}


def _api_ports(tier: Tier) -> list[dict[str, Any]]:
    if tier.group.insists:
        return [_port("https", ports.HTTPS), _port("grpc", ports.GRPC_TLS)]
    more = [_port("https", ports.HTTPS)] if tier.group.is_closed else []
    return [_port("http", ports.HTTP), _port("grpc", ports.GRPC), *more]


def _in_url(host: str) -> str:
    """The host as URLs have it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host

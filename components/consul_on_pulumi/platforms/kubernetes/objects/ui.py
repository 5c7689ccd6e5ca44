"""The Service and the Ingress of the UI, and its address."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.platforms.kubernetes.objects import names
from consul_on_pulumi.platforms.kubernetes.tier import SKIP_AWAIT, Tier

HTTP = 80
"""Port of the UI Service."""


def address(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Create the Service, and the Ingress if the settings want one; returns the base URL of the UI."""
    ui = tier.settings["ui"]
    kind = ui["type"]
    object_name = names.ui(tier)
    # Pulumi waits only for the address of a load balancer.
    annotations = {**ui["annotations"], **({} if kind == "LoadBalancer" else SKIP_AWAIT)}
    port: dict[str, Any] = {"name": "http", "port": HTTP, "protocol": "TCP", "target_port": "http"}
    if "node_port" in ui:
        port["node_port"] = ui["node_port"]
    service = kubernetes.core.v1.Service(
        f"{tier.name}-ui",
        metadata=tier.metadata(object_name, annotations),
        spec={
            "type": kind,
            "selector": tier.selector,
            "ports": [port],
            **({"load_balancer_source_ranges": ui["source_ranges"]} if "source_ranges" in ui else {}),
        },
        opts=opts,
    )
    url = pulumi.Output.from_input(f"http://{object_name}.{tier.namespace}.svc")
    if "ingress" in ui:
        url = pulumi.Output.from_input(_ingress(tier, object_name, opts))
    elif kind == "LoadBalancer":
        url = service.status.apply(_load_balancer_url)
    elif kind == "NodePort":
        url = service.spec.apply(lambda spec: f"http://{ui['host']}:{ui.get('node_port') or spec.ports[0].node_port}")
    return url


def _ingress(tier: Tier, object_name: str, opts: pulumi.ResourceOptions) -> str:
    ingress = tier.settings["ui"]["ingress"]
    backend = {"service": {"name": object_name, "port": {"name": "http"}}}
    spec: dict[str, Any] = {
        "rules": [
            {"host": ingress["host"], "http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]}}
        ]
    }
    if "class_name" in ingress:
        spec["ingress_class_name"] = ingress["class_name"]
    if "tls_secret" in ingress:
        spec["tls"] = [{"hosts": [ingress["host"]], "secret_name": ingress["tls_secret"]}]
    kubernetes.networking.v1.Ingress(
        f"{tier.name}-ingress",
        metadata=tier.metadata(object_name, {**ingress["annotations"], **SKIP_AWAIT}),
        spec=spec,
        opts=opts,
    )
    return f"{'https' if 'tls_secret' in ingress else 'http'}://{ingress['host']}"


def _load_balancer_url(status: Any) -> str:
    entries = status.load_balancer.ingress if status and status.load_balancer else None
    if not entries:
        return "http://pending"
    host = entries[0].hostname or entries[0].ip
    return f"http://[{host}]" if ":" in host else f"http://{host}"

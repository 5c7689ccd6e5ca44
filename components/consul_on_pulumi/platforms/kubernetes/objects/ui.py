"""How browsers get to the servers' UI, and under which address."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.platforms.kubernetes.tier import SKIP_AWAIT, Tier

HTTP = 80
"""Where browsers ask."""


def address(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Make the Service, and the Ingress if there is to be one; returns the base URL that leads to it."""
    ui = tier.settings.get("ui", {})
    kind = ui.get("type", "ClusterIP")
    object_name = f"{tier.group.topology.cluster}-ui"
    # The address of a load balancer is known when it is there; nothing else is worth waiting for.
    noted = {**ui.get("annotations", {}), **({} if kind == "LoadBalancer" else SKIP_AWAIT)}
    port: dict[str, Any] = {"name": "http", "port": HTTP, "protocol": "TCP", "target_port": "http"}
    if "node_port" in ui:
        port["node_port"] = ui["node_port"]
    made = kubernetes.core.v1.Service(
        f"{tier.name}-ui",
        metadata=tier.metadata(object_name, noted),
        spec={
            "type": kind,
            "selector": tier.selector,
            "ports": [port],
            **({"load_balancer_source_ranges": ui["source_ranges"]} if "source_ranges" in ui else {}),
        },
        opts=opts,
    )
    found = pulumi.Output.from_input(f"http://{object_name}.{tier.namespace}.svc")
    if "ingress" in ui:
        found = pulumi.Output.from_input(_ingress(tier, object_name, opts))
    elif kind == "LoadBalancer":
        found = made.status.apply(_balanced)
    elif kind == "NodePort":
        found = made.spec.apply(lambda spec: f"http://{ui['host']}:{ui.get('node_port') or spec.ports[0].node_port}")
    return found


def _ingress(tier: Tier, object_name: str, opts: pulumi.ResourceOptions) -> str:
    wanted = tier.settings["ui"]["ingress"]
    backend = {"service": {"name": object_name, "port": {"name": "http"}}}
    spec: dict[str, Any] = {
        "rules": [
            {"host": wanted["host"], "http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]}}
        ]
    }
    if "class_name" in wanted:
        spec["ingress_class_name"] = wanted["class_name"]
    if "tls_secret" in wanted:
        spec["tls"] = [{"hosts": [wanted["host"]], "secret_name": wanted["tls_secret"]}]
    kubernetes.networking.v1.Ingress(
        f"{tier.name}-ingress",
        metadata=tier.metadata(object_name, {**wanted.get("annotations", {}), **SKIP_AWAIT}),
        spec=spec,
        opts=opts,
    )
    return f"{'https' if 'tls_secret' in wanted else 'http'}://{wanted['host']}"


def _balanced(status: Any) -> str:
    entries = status.load_balancer.ingress if status and status.load_balancer else None
    if not entries:
        return "http://pending"
    host = entries[0].hostname or entries[0].ip
    return f"http://[{host}]" if ":" in host else f"http://{host}"

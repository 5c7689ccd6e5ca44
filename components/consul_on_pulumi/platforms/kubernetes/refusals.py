"""What the Kubernetes backend refuses in its settings, before the API server would, and all of it at once."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from consul_on_pulumi.platforms.kubernetes import quantity, syntax

CHOICES = {
    "clients": ("Deployment", "DaemonSet"),
    "spread": ("soft", "hard"),
}
SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
NODE_PORTS = range(30000, 32768)
"""What an API server hands out unless it is told otherwise (`--service-node-port-range`)."""
POD = "{pod}"
"""What stands for a server's name in a `consul_access` that is a URL."""


def problems(settings: Mapping[str, Any], path: str) -> Iterator[str]:
    """Everything in `settings` that makes no objects, a line each that starts with `path`."""
    yield from _names(settings, path)
    for key, choices in CHOICES.items():
        yield from _choice(settings.get(key, choices[0]), choices, f"{path}.{key}")
    if fault := _reach_fault(settings.get("consul_access", "auto")):
        yield f"{path}.consul_access: {fault}, got {settings['consul_access']!r}"
    storage = settings.get("storage", {})
    if "size" in storage and (fault := quantity.problem(storage["size"])):
        yield f"{path}.storage.size: {fault}"
    if settings.get("retain_data") and "namespace" not in settings:
        yield f"{path}.retain_data: needs `namespace`, an existing one: the cluster's own goes with all that is in it"
    for key in ("resources", "client_resources"):
        yield from _quantities(settings.get(key, {}), f"{path}.{key}")
    yield from _ui(settings.get("ui", {}), f"{path}.ui")
    yield from syntax.labels(settings.get("labels", {}), f"{path}.labels")
    yield from syntax.labels(settings.get("node_selector", {}), f"{path}.node_selector")
    yield from syntax.annotations(settings.get("annotations", {}), f"{path}.annotations")
    for number, toleration in enumerate(settings.get("tolerations", [])):
        yield from syntax.toleration(toleration, f"{path}.tolerations[{number}]")
    for number, peer in enumerate(settings.get("network_policy", {}).get("peers", [])):
        yield from syntax.peer(peer, f"{path}.network_policy.peers[{number}]")


def client_problems(settings: Mapping[str, Any], wanted: int, path: str) -> Iterator[str]:
    """A number of clients that a DaemonSet, whose number follows from the nodes, would pass over in silence."""
    if settings.get("clients") == "DaemonSet" and wanted > 1:
        yield (
            f"{path}.clients: DaemonSet needs 1 client, which is one on each node, or 0 for none, got {wanted}: "
            "set it to 1, or take Deployment"
        )


def _names(settings: Mapping[str, Any], path: str) -> Iterator[str]:
    named = {key: settings[key] for key in ("namespace", "priority_class") if key in settings}
    named |= {f"image_pull_secrets[{n}]": name for n, name in enumerate(settings.get("image_pull_secrets", []))}
    if "storage_class" in settings.get("storage", {}):
        named["storage.storage_class"] = settings["storage"]["storage_class"]
    for key, name in named.items():
        if fault := (syntax.label_fault if key == "namespace" else syntax.name_fault)(name):
            yield f"{path}.{key}: {fault}"


def _choice(given: Any, choices: tuple[str, ...], path: str) -> Iterator[str]:
    if given not in choices:
        yield f"{path}: expected {' or '.join(choices)}, got {given!r}"


def _reach_fault(consul_access: str) -> str | None:
    if consul_access in ("auto", "proxy", "port-forward"):
        return None
    if consul_access.startswith(("http://", "https://")):
        try:
            consul_access.format(pod="dev-server-0")
        except (KeyError, IndexError, ValueError):
            return f"expected no other braces than {POD}"
        return None if POD in consul_access else f"expected {POD} in the URL, since each server is asked by itself"
    return f"expected auto, port-forward, proxy or a URL with {POD} in it"


def _quantities(resources: Mapping[str, Any], path: str) -> Iterator[str]:
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for kind, named in (("requests", requests), ("limits", limits)):
        for name, given in named.items():
            if fault := quantity.problem(given):
                yield f"{path}.{kind}.{name}: {fault}"
    for name in requests.keys() & limits.keys():
        both = (requests[name], limits[name])
        if not any(map(quantity.problem, both)) and quantity.amount(both[0]) > quantity.amount(both[1]):
            yield f"{path}.requests.{name}: expected at most the limit of {both[1]}, got {both[0]}"


def _ui(ui: Mapping[str, Any], path: str) -> Iterator[str]:
    kind = ui.get("type", "ClusterIP")
    yield from _choice(kind, SERVICE_TYPES, f"{path}.type")
    for key, needed in (("node_port", "NodePort"), ("host", "NodePort"), ("source_ranges", "LoadBalancer")):
        if key in ui and kind != needed:
            yield f"{path}.{key}: only for type {needed}, got type {kind}: drop one of the two"
    if kind == "NodePort" and "host" not in ui:
        yield f"{path}.host: required with type NodePort, give the name or address of a node at which browsers are"
    if "node_port" in ui and ui["node_port"] not in NODE_PORTS:
        yield f"{path}.node_port: expected {NODE_PORTS.start} to {NODE_PORTS.stop - 1}, got {ui['node_port']}"
    for number, network in enumerate(ui.get("source_ranges", [])):
        try:
            ip_network(network)
        except ValueError:
            yield f"{path}.source_ranges[{number}]: expected a network such as 10.0.0.0/8, got {network!r}"
    yield from syntax.annotations(ui.get("annotations", {}), f"{path}.annotations")
    if "ingress" in ui:
        yield from _ingress(ui["ingress"], f"{path}.ingress")


def _ingress(ingress: Mapping[str, Any], path: str) -> Iterator[str]:
    if "host" not in ingress:
        yield f"{path}.host: required, give the host name that browsers ask for"
    for key in ("host", "class_name", "tls_secret"):
        if key in ingress and (fault := syntax.name_fault(ingress[key])):
            yield f"{path}.{key}: {fault}"
    yield from syntax.annotations(ingress.get("annotations", {}), f"{path}.annotations")

"""What no single setting of the Kubernetes platform can check: combinations, and values with a form of their own."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.kubernetes.syntax import QUANTITY, amount
from consul_on_pulumi.schema.check import is_refused

SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
SCHEMES = {"auto": "http+kubernetes", "port-forward": "http+kubernetes-forward", "proxy": "http+kubernetes-proxy"}
"""The URL scheme for each `consul_access` that is no URL itself."""
POD = "{pod}"
"""Replaced by a server's name in a `consul_access` that is a URL."""


def problems(settings: Mapping[str, Any], topology: Topology, path: str) -> Iterator[str]:
    """What is wrong with settings that are right one by one. `settings` may lack those that were refused."""
    if settings.get("retain_data") and "namespace" not in settings and not is_refused(settings, "namespace"):
        yield f"{path}.retain_data: needs an existing `namespace`: the cluster's own is deleted with all that is in it"
    if "certificates" in settings:
        if "namespace" not in settings and not is_refused(settings, "namespace"):
            yield f"{path}.certificates: needs an existing `namespace`, in which the Secrets are"
        if topology.clients and "clients" not in settings["certificates"]:
            yield f"{path}.certificates.clients: required, since there are clients: name their Secret"
    # The number of these clients follows from the nodes.
    if settings.get("clients") == "DaemonSet" and topology.clients > 1:
        yield (
            f"{path}.clients: DaemonSet needs 1 client, which is one on each node, or 0 for none, "
            f"got {topology.clients}: set it to 1, or use Deployment"
        )


def consul_access_problems(access: str, path: str) -> Iterator[str]:
    """Why the program cannot reach the servers this way."""
    if access in SCHEMES:
        return
    fault = f"expected {', '.join(SCHEMES)} or a URL with {POD} in it"
    if access.startswith(("http://", "https://")):
        fault = "" if POD in access else f"expected {POD} in the URL, since each server is asked by itself"
        named = access.replace(POD, "dev-server-0")
        if "{" in named or "}" in named:
            fault = f"expected no other braces than {POD}"
        elif not fault and not _has_host(named):
            fault = f"expected a URL such as https://{POD}.consul.example.com:8501"
    if fault:
        yield f"{path}: {fault}, got {access!r}"


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def resources_problems(resources: Mapping[str, Any], path: str) -> Iterator[str]:
    """Requests beyond their limits."""
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for name in sorted(requests.keys() & limits.keys()):
        both = (requests[name], limits[name])
        if all(map(QUANTITY.accepts, both)) and amount(both[0]) > amount(both[1]):
            yield f"{path}.requests.{name}: expected at most the limit of {both[1]}, got {both[0]}"


def ui_problems(ui: Mapping[str, Any], path: str) -> Iterator[str]:
    """Settings that do not fit the type of the Service."""
    kind = ui["type"]
    for key, needed in (("node_port", "NodePort"), ("host", "NodePort"), ("source_ranges", "LoadBalancer")):
        if key in ui and kind != needed and not is_refused(ui, "type"):
            yield f"{path}.{key}: only for type {needed}, got type {kind}: drop one of the two"
    if kind == "NodePort" and "host" not in ui and not is_refused(ui, "host"):
        yield f"{path}.host: required with type NodePort, give the name or address of a node that browsers reach"

"""When a Service or an Ingress is ready."""

from collections.abc import Iterable, Iterator

from kubernetes_plugin.awaiting.verdict import READY, Verdict, waiting
from kubernetes_plugin.objects import Object, part


def wants_endpoints(service: Object) -> bool:
    """Whether traffic to a Service needs ready Pods: not if it is headless, an alias, or fed by somebody else."""
    spec = part(service, "spec") or {}
    return spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None" and bool(spec.get("selector"))


def has_endpoints(slices: Iterable[Object]) -> bool:
    """Whether any endpoint takes traffic; no word on it means yes."""
    return any(
        part(endpoint, "conditions", "ready") is not False
        for one in slices
        for endpoint in part(one, "endpoints") or []
    )


def service(obj: Object, slices: Iterable[Object]) -> Verdict:
    """It has endpoints that take traffic and, as a load balancer, an address."""
    if wants_endpoints(obj) and not has_endpoints(slices):
        return waiting(
            "Service does not target any ready Pods. Selected Pods may not be ready, or field .spec.selector "
            "may not match labels on any Pods"
        )
    if part(obj, "spec", "type") == "LoadBalancer" and not part(obj, "status", "loadBalancer", "ingress"):
        return waiting("Service was not allocated an IP address; does your cloud provider support this?")
    return READY


def backends(ingress: Object) -> Iterator[str]:
    """Names of the Services that an Ingress sends traffic to."""
    default = part(ingress, "spec", "defaultBackend", "service", "name")
    if default:
        yield default
    for rule in part(ingress, "spec", "rules") or []:
        for path in part(rule, "http", "paths") or []:
            name = part(path, "backend", "service", "name")
            if name:
                yield name


def ingress(obj: Object, without_endpoints: Iterable[str]) -> Verdict:
    """Its Services have endpoints and it has an address."""
    missing = sorted(set(without_endpoints))
    if missing:
        return waiting(f"Ingress has rules for Services without ready endpoints: {', '.join(missing)}")
    if not part(obj, "status", "loadBalancer", "ingress"):
        return waiting(
            "Ingress .status.loadBalancer field was not updated with a hostname/IP address; is an ingress "
            "controller running?"
        )
    return READY

"""LoadBalancer: waits for the address of the UI's Service. Pulumi's own wait ends after ten minutes, with any fault."""

import time

import pulumi
from pulumi.dynamic import CreateResult, DiffResult

from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object, if_answered
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

NOTICED = 20.0
"""Seconds for a controller to take up the Service: it then writes to it, or an event about it."""
TIMEOUT = 300.0
"""Seconds for a controller that took it up to get an address from its cloud."""
INTERVAL = 1.0
"""Seconds between two requests."""


class LoadBalancerProvider(ConsulProvider):
    """Reads the address that a controller writes into the status of the Service."""

    compared = ("namespace", "service")

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update if the Service has another address now, or is another one that has none yet."""
        found = if_answered(lambda: _service(news)) or {}
        address, is_other = _address(found), bool(_uid(found) and olds.get("uid") and _uid(found) != olds["uid"])
        moved = is_other or (bool(address) and address != olds.get("address"))
        return DiffResult(changes=self.differs(olds, news) or moved)

    def create(self, props: Properties) -> CreateResult:
        """Wait for the address; raises RolloutStoppedError without one."""
        found = _wait(props)
        return CreateResult(props["service"], {**props, "address": _address(found), "uid": _uid(found)})


class LoadBalancer(ProviderResource, module="consul-on-pulumi", name="LoadBalancer"):
    """The address of a Service of type LoadBalancer; depends on the Service."""

    address: pulumi.Output[str]
    """Host name or IP address."""

    def __init__(
        self, name: str, cluster: Cluster, namespace: pulumi.Input[str], service: str, opts: pulumi.ResourceOptions
    ) -> None:
        """`service` is the name of the Service."""
        props = {"cluster": cluster.text, "namespace": namespace, "service": service}
        super().__init__(LoadBalancerProvider(), name, props, opts)


def _wait(props: Properties) -> Object:
    """The Service, once it has an address."""
    began = time.monotonic()
    while True:
        found = _service(props)
        if _address(found):
            return found
        waited, taken_up = time.monotonic() - began, _is_taken_up(props, found)
        if waited > (TIMEOUT if taken_up else NOTICED):
            what = f"Service {props['namespace']}/{props['service']} of type LoadBalancer"
            if not taken_up:
                raise RolloutStoppedError(
                    f"{what}: no controller gives it an address, and none took it up within {waited:.0f} s. "
                    "Install one, or set `platform.kubernetes.ui.type` to NodePort or ClusterIP"
                )
            warning = ApiServer.of(props).last_warning(props["namespace"], "Service", props["service"])
            raise RolloutStoppedError(
                f"{what} has no address after {waited:.0f} s ({warning or 'no warning about it'}): see the log of the "
                "controller of load balancers, then run `pulumi up` again"
            )
        time.sleep(INTERVAL)


def _service(props: Properties) -> Object:
    path = f"/api/v1/namespaces/{props['namespace']}/services/{props['service']}"
    return ApiServer.of(props).find(path) or {}


def _address(service: Object) -> str:
    entries = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return str(entries[0].get("hostname") or entries[0].get("ip") or "")


def _uid(service: Object) -> str:
    """What tells it from one of the same name before."""
    return str(service.get("metadata", {}).get("uid") or "")


def _is_taken_up(props: Properties, service: Object) -> bool:
    """Whether a controller wrote to the Service, or an event about it."""
    metadata = service.get("metadata", {})
    by_controller = any(not one["manager"].startswith("pulumi") for one in metadata.get("managedFields", []))
    written = by_controller or metadata.get("finalizers") or service.get("status", {}).get("conditions")
    chosen = f"involvedObject.kind=Service,involvedObject.name={props['service']}"
    events = f"/api/v1/namespaces/{props['namespace']}/events"
    api = ApiServer.of(props)
    return bool(written or (api.find(events, fieldSelector=chosen) or {}).get("items"))

"""ContainerHealth: repairs a container that Docker's provider reports as fine although it does not work.

The Docker provider does not notice that a container is paused, was disconnected from its network, or hangs.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from consul_on_pulumi.consul import access
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

AGENT_TIMEOUT = 3.0
"""Seconds for the agent to answer a request about itself."""
RESTART_TIMEOUT = 10
"""Seconds for an agent that hangs to stop before Docker kills it."""


class RepairFailedError(Exception):
    """The container was repaired but has the same fault again. The message names the container and the fault."""


class ContainerHealthProvider(ConsulProvider):
    """Inspects the container itself, in previews too."""

    compared = ("container", "network", "ipv4_address", "aliases", "http_address")

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether the container has a fault now."""
        return _find_fault(olds) is not None

    def create(self, props: Properties) -> CreateResult:
        """Do nothing: the container was created just before."""
        return CreateResult(props["container"], {**props, "fault": None})

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Repair the container."""
        _repair(news)
        return UpdateResult({**news, "fault": None})

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Report the fault, so that `pulumi refresh` shows it."""
        found = {**props, "fault": _find_fault(props)}
        return ReadResult(id_, found, found)


class ContainerHealth(ProviderResource, module="consul-on-pulumi", name="ContainerHealth"):
    """Keeps one container unpaused, connected to its network and answering."""

    fault: pulumi.Output[str | None]
    """The fault that the last `pulumi refresh` found, or None."""

    def __init__(
        self, name: str, spec: Mapping[str, Any], http_address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        """`spec` are the arguments of the container; `http_address` is the base URL of the agent's API."""
        (attachment,) = spec["networks_advanced"]
        props = {
            "container": spec["name"],
            "network": attachment["name"],
            "ipv4_address": attachment["ipv4_address"],
            "aliases": attachment["aliases"],
            "http_address": http_address,
        }
        super().__init__(ContainerHealthProvider(), name, props, opts)


def _find_fault(props: Properties) -> str | None:
    """The fault of a running container, or None.

    A container that is stopped or missing is no fault here: its own resource reports that. Neither is an engine that
    does not answer.
    """
    try:
        with engine.connect() as client:
            container = client.containers.get(props["container"]).attrs
    except engine.NO_ANSWER:
        return None
    state = container["State"]
    if state["Paused"]:
        return "paused"
    if not state["Running"]:
        return None
    attachment = container["NetworkSettings"]["Networks"].get(props["network"], {})
    if attachment.get("IPAddress") != props["ipv4_address"]:
        return f"not connected to {props['network']} at {props['ipv4_address']}"
    # The health check also fails while the cluster has no leader, and then a restart would not help.
    unhealthy = state.get("Health", {}).get("Status") == "unhealthy"
    return "does not answer" if unhealthy and not access.answers(props["http_address"], AGENT_TIMEOUT) else None


def _repair(props: Properties) -> None:
    """Repair one fault after the other: a paused container may be disconnected as well. Raises RepairFailedError."""
    repaired: list[str] = []
    while fault := _find_fault(props):
        if fault in repaired:
            raise RepairFailedError(f"{props['container']}: still {fault} after the repair: see its log")
        repaired.append(fault)
        with engine.connect() as client:
            container = client.containers.get(props["container"])
            if fault == "paused":
                container.unpause()
            elif fault == "does not answer":
                container.restart(timeout=RESTART_TIMEOUT)
            else:
                _connect(client, container, props)


def _connect(client: Any, container: Any, props: Properties) -> None:
    network = client.networks.get(props["network"])
    if props["network"] in container.attrs["NetworkSettings"]["Networks"]:
        network.disconnect(container, force=True)
    network.connect(container, aliases=props["aliases"], ipv4_address=props["ipv4_address"])

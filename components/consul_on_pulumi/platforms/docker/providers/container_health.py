"""ContainerHealth: mends what befell a container that Docker's provider believes to be well."""

from contextlib import closing
from typing import Any

import docker
import pulumi
import requests
from docker.errors import DockerException
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, UpdateResult

from consul_on_pulumi.consul import access
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

ANSWER = 3.0
"""Seconds for an agent to answer a question about itself."""
GRACE = 10
"""Seconds for an agent that hangs to end before it is killed: it is away already."""


class StillFaultyError(Exception):
    """The container was mended and is no better; says what is wrong with it."""


class ContainerHealthProvider(ConsulProvider):
    """Looks at the container itself, in a preview too: the provider that made it sees neither a pause, nor a network
    that was cut off, nor an agent that hangs."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another setting, or a fault of the container as it is now."""
        differs = any(olds.get(key) != value for key, value in news.items() if key != "fault")
        return DiffResult(changes=differs or _fault(olds) is not None)

    def create(self, props: Properties) -> CreateResult:
        """A new container has no fault yet, or its own start tells."""
        return CreateResult(props["container"], {**props, "fault": None})

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Mend what is wrong."""
        _mend(news)
        return UpdateResult({**news, "fault": None})

    def read(self, id_: str, props: Properties) -> ReadResult:
        """What is wrong, so that `refresh` tells."""
        found = {**props, "fault": _fault(props)}
        return ReadResult(id_, found, found)


class ContainerHealth(ProviderResource, module="consul-on-pulumi", name="ContainerHealth"):
    """One container, kept running, connected and answering."""

    fault: pulumi.Output[str | None]
    """What was wrong when it was last looked at."""

    def __init__(
        self,
        name: str,
        container: str,
        network: pulumi.Input[str],
        ipv4_address: str,
        aliases: list[str],
        http_address: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`container` and `network` are names of Docker's, `http_address` is the base URL of the agent's API."""
        props = {
            "container": container,
            "network": network,
            "ipv4_address": ipv4_address,
            "aliases": aliases,
            "http_address": http_address,
        }
        super().__init__(ContainerHealthProvider(), name, props, opts, outputs=("fault",))


def _fault(props: Properties) -> str | None:
    """What is wrong with a container that runs, or None; also where no engine answers or no such container is there,
    of which the container's own resource tells."""
    try:
        with closing(docker.from_env()) as client:
            state = client.containers.get(props["container"]).attrs
    except (DockerException, requests.RequestException):
        return None
    if state["State"]["Paused"]:
        return "paused"
    if not state["State"]["Running"]:
        return None
    joined = state["NetworkSettings"]["Networks"].get(props["network"], {})
    if joined.get("IPAddress") != props["ipv4_address"]:
        return f"not connected to {props['network']} at {props['ipv4_address']}"
    unhealthy = state["State"].get("Health", {}).get("Status") == "unhealthy"
    return "does not answer" if unhealthy and not access.answers(props["http_address"], ANSWER) else None


def _mend(props: Properties) -> None:
    """One fault may hide the next: a paused container may be cut off as well."""
    mended: list[str] = []
    while fault := _fault(props):
        if fault in mended:
            raise StillFaultyError(f"{props['container']}: still {fault} after it was mended: see its log")
        mended.append(fault)
        with closing(docker.from_env()) as client:
            container = client.containers.get(props["container"])
            if fault == "paused":
                container.unpause()
            elif fault == "does not answer":
                container.restart(timeout=GRACE)
            else:
                _connect(client, container, props)


def _connect(client: Any, container: Any, props: Properties) -> None:
    network = client.networks.get(props["network"])
    if props["network"] in container.attrs["NetworkSettings"]["Networks"]:
        network.disconnect(container, force=True)
    network.connect(container, aliases=props["aliases"], ipv4_address=props["ipv4_address"])

"""ContainerHealth: repairs a container that Docker's provider reports as fine although it does not work.

The Docker provider does not notice that a container is paused, was disconnected from its network, or hangs.
"""

import time
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import crash, engine
from consul_on_pulumi.platforms.docker.crash import CrashLoop
from consul_on_pulumi.platforms.docker.providers import container_fault
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

RESTART_TIMEOUT = 10
"""Seconds for an agent that hangs to stop before Docker kills it."""
AGENT_START_TIMEOUT = 60.0
"""Seconds for an agent to answer after its start, in a rollout and after a repair."""
CORRECT = "Correct the settings and run `pulumi up` again"


class RepairFailedError(Exception):
    """The container was repaired but has the same fault again. The message names the container and the fault."""


class ContainerHealthProvider(ConsulProvider):
    """Inspects the container itself, in previews too."""

    compared = ("container", "network", "ipv4_address", "aliases", "http_address", "agent")

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether the container has a fault now."""
        return container_fault.find(olds) is not None

    def create(self, props: Properties) -> CreateResult:
        """The container was created just before: wait for a client, the next one waits for it."""
        if "agent" in props:
            _wait_for_agent(props)
        return CreateResult(props["container"], {**props, "fault": None})

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Repair the container."""
        _repair(news)
        if "agent" in news:
            _wait_for_agent(news)
        return UpdateResult({**news, "fault": None})

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Report the fault, so that `pulumi refresh` shows it."""
        found = {**props, "fault": container_fault.find(props)}
        return ReadResult(id_, found, found)


class ContainerHealth(ProviderResource, module="consul-on-pulumi", name="ContainerHealth"):
    """Keeps one container unpaused, connected to its network and answering."""

    fault: pulumi.Output[str | None]
    """The fault that the last `pulumi refresh` found, or None."""

    def __init__(
        self,
        name: str,
        spec: Mapping[str, Any],
        http_address: pulumi.Input[str],
        agent: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`spec` are the arguments of the container; `http_address` is the base URL of the agent's API. `agent` is the
        ID of the container of a client, so that it is waited for; a RaftPeer waits for a server."""
        (attachment,) = spec["networks_advanced"]
        props = {
            "container": spec["name"],
            "network": attachment["name"],
            "ipv4_address": attachment["ipv4_address"],
            "aliases": attachment["aliases"],
            "http_address": http_address,
            **({} if agent is None else {"agent": agent}),
        }
        super().__init__(ContainerHealthProvider(), name, props, opts)


def _repair(props: Properties) -> None:
    """Repair one fault after the other: a paused container may be disconnected as well. Raises RepairFailedError."""
    repaired: list[str] = []
    while fault := container_fault.find(props):
        if fault == container_fault.ENDS:
            raise RepairFailedError(f"{props['container']} {container_fault.ending(props)}. {CORRECT}")
        if fault == container_fault.FULL:
            _wait_for_space(props)
            continue
        if fault in repaired:
            raise RepairFailedError(f"{props['container']}: still {fault} after the repair: see its log")
        repaired.append(fault)
        with engine.connect(connection_of(props)) as client:
            container = client.containers.get(props["container"])
            if fault == container_fault.PAUSED:
                container.unpause()
            elif fault == container_fault.SILENT:
                container.restart(timeout=RESTART_TIMEOUT)
                _wait_for_agent(props)
            else:
                _connect(client, container, props)


def _wait_for_space(props: Properties) -> None:
    """Wait until the agent no longer says that its disk is full. Raises RepairFailedError as soon as it does."""
    began = time.time()
    with engine.connect(connection_of(props)) as client:
        while time.time() < began + crash.FULL_AGAIN:
            if line := crash.full_disk(client.containers.get(props["container"]), began):
                raise RepairFailedError(
                    f"{props['container']} stores nothing, its volume is full ({line}): free some space there, then "
                    "run `pulumi up` again"
                )
            time.sleep(0.5)


def _wait_for_agent(props: Properties) -> None:
    """Wait until it answers. Raises RepairFailedError if it ends again and again, or does not answer in time."""
    name, deadline = props["container"], time.monotonic() + AGENT_START_TIMEOUT
    loop = CrashLoop(name, connection_of(props))
    while not container_fault.answers(props):
        if reason := loop.reason():
            raise RepairFailedError(f"{name} {reason}. {CORRECT}")
        if time.monotonic() > deadline:
            raise RepairFailedError(
                f"{name} does not answer at {props['http_address']} after {AGENT_START_TIMEOUT:.0f} s "
                f"({container_fault.end_of_log(props)}): correct that, then run `pulumi up` again"
            )
        time.sleep(0.1)


def _connect(client: Any, container: Any, props: Properties) -> None:
    network = client.networks.get(props["network"])
    if props["network"] in container.attrs["NetworkSettings"]["Networks"]:
        network.disconnect(container, force=True)
    network.connect(container, aliases=props["aliases"], ipv4_address=props["ipv4_address"])

"""ContainerHealth: repairs a container that Docker's provider reports as fine although it does not work.

The Docker provider does not notice that a container is paused, was disconnected from its network, or hangs.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pulumi
from docker.errors import NotFound
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from consul_on_pulumi.consul import access
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import consul_access, crash, engine
from consul_on_pulumi.platforms.docker.crash import CrashLoop
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

AGENT_TIMEOUT = 3.0
"""Seconds for the agent to answer a request about itself."""
RESTART_TIMEOUT = 10
"""Seconds for an agent that hangs to stop before Docker kills it."""
AGENT_START_TIMEOUT = 60.0
"""Seconds for an agent to answer after its start, in a rollout and after a repair."""
START_TIME = 10.0
"""Seconds after its start in which an agent that does not answer is no fault."""
ENDS = "ends again and again"
"""The fault of a container in a crash loop."""
FULL = "its volume is full"
"""The fault of a container whose agent cannot store anything."""
CORRECT = "Correct the settings and run `pulumi up` again"


class RepairFailedError(Exception):
    """The container was repaired but has the same fault again. The message names the container and the fault."""


class ContainerHealthProvider(ConsulProvider):
    """Inspects the container itself, in previews too."""

    compared = ("container", "network", "ipv4_address", "aliases", "http_address", "agent")

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether the container has a fault now."""
        return _find_fault(olds) is not None

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
        found = {**props, "fault": _find_fault(props)}
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


def _find_fault(props: Properties) -> str | None:
    """The fault of a running container, or None.

    A container that is stopped or missing is no fault here: its own resource reports that. Neither is an engine that
    does not answer, which is warned about.
    """
    try:
        with engine.connect(connection_of(props)) as client:
            found = client.containers.get(props["container"])
            full = crash.full_disk(found, time.time() - crash.FULL_AGAIN)
    except NotFound:
        return None
    except engine.NO_ANSWER as error:
        engine_log.not_compared(f"container {props['container']}", error)
        return None
    container = found.attrs
    state = container["State"]
    if state["Paused"]:
        return "paused"
    if state["Restarting"]:
        return ENDS if container["RestartCount"] >= crash.RESTARTS else None
    if not state["Running"]:
        return None
    attachment = container["NetworkSettings"]["Networks"].get(props["network"], {})
    if attachment.get("IPAddress") != props["ipv4_address"]:
        return f"not connected to {props['network']} at {props['ipv4_address']}"
    if full:
        return FULL
    # The health check also fails while the cluster has no leader, and then a restart would not help.
    # Until the third failed one it is not "unhealthy", and an agent that ends before that never is.
    # A start far in the future was one before a clock was set back.
    starts = abs(_seconds_since(state["StartedAt"])) <= START_TIME
    suspect = state.get("Health", {}).get("Status") != "healthy" and not starts
    return "does not answer" if suspect and not _answers(props) else None


def _seconds_since(time_of_docker: str) -> float:
    """Seconds since a time that Docker wrote, in UTC with nanoseconds."""
    started = datetime.fromisoformat(time_of_docker[:19]).replace(tzinfo=UTC)
    return (datetime.now(UTC) - started).total_seconds()


def _repair(props: Properties) -> None:
    """Repair one fault after the other: a paused container may be disconnected as well. Raises RepairFailedError."""
    repaired: list[str] = []
    while fault := _find_fault(props):
        if fault == ENDS:
            raise RepairFailedError(
                f"{props['container']} {_ending(props)}. Correct the settings and run `pulumi up` again"
            )
        if fault == FULL:
            _wait_for_space(props)
            continue
        if fault in repaired:
            raise RepairFailedError(f"{props['container']}: still {fault} after the repair: see its log")
        repaired.append(fault)
        with engine.connect(connection_of(props)) as client:
            container = client.containers.get(props["container"])
            if fault == "paused":
                container.unpause()
            elif fault == "does not answer":
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
    while not _answers(props):
        if reason := loop.reason():
            raise RepairFailedError(f"{name} {reason}. {CORRECT}")
        if time.monotonic() > deadline:
            raise RepairFailedError(
                f"{name} does not answer at {props['http_address']} after {AGENT_START_TIMEOUT:.0f} s "
                f"({_end_of_log(props)}): correct that, then run `pulumi up` again"
            )
        time.sleep(0.1)


def _answers(props: Properties) -> bool:
    base = consul_access.through_engine(props["container"], props["http_address"], connection_of(props))
    return access.answers(base, AGENT_TIMEOUT, connection_of(props))


def _ending(props: Properties) -> str:
    with engine.connect(connection_of(props)) as client:
        return crash.ending(client, client.containers.get(props["container"]))


def _end_of_log(props: Properties) -> str:
    with engine.connect(connection_of(props)) as client:
        return crash.end_of_log(client.containers.get(props["container"]))


def _connect(client: Any, container: Any, props: Properties) -> None:
    network = client.networks.get(props["network"])
    if props["network"] in container.attrs["NetworkSettings"]["Networks"]:
        network.disconnect(container, force=True)
    network.connect(container, aliases=props["aliases"], ipv4_address=props["ipv4_address"])

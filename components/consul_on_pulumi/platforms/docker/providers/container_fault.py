"""What is wrong with the container of a ContainerHealth, which Docker's provider reports as fine."""

import time
from datetime import UTC, datetime

from docker.errors import NotFound

from consul_on_pulumi.consul import access
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import consul_access, crash, engine
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.provider import Properties

AGENT_TIMEOUT = 3.0
"""Seconds for the agent to answer a request about itself."""
START_TIME = 10.0
"""Seconds after its start in which an agent that does not answer is no fault."""
ENDS = "ends again and again"
"""The fault of a container in a crash loop."""
FULL = "its volume is full"
"""The fault of a container whose agent cannot store anything."""
PAUSED = "paused"
"""The fault of a container that Docker has paused."""
SILENT = "does not answer"
"""The fault of a container whose agent does not answer."""


def find(props: Properties) -> str | None:
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
        return PAUSED
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
    return SILENT if suspect and not answers(props) else None


def _seconds_since(time_of_docker: str) -> float:
    """Seconds since a time that Docker wrote, in UTC with nanoseconds."""
    started = datetime.fromisoformat(time_of_docker[:19]).replace(tzinfo=UTC)
    return (datetime.now(UTC) - started).total_seconds()


def answers(props: Properties) -> bool:
    """Whether the agent answers a request about itself."""
    base = consul_access.through_engine(props["container"], props["http_address"], connection_of(props))
    return access.answers(base, AGENT_TIMEOUT, connection_of(props))


def ending(props: Properties) -> str:
    """How a container that ends again and again did so."""
    with engine.connect(connection_of(props)) as client:
        return crash.ending(client, client.containers.get(props["container"]))


def end_of_log(props: Properties) -> str:
    """The last lines of its log."""
    with engine.connect(connection_of(props)) as client:
        return crash.end_of_log(client.containers.get(props["container"]))

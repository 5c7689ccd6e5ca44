"""Why a container of an agent ends: its exit status, whether it was killed for memory, and the end of its log."""

from datetime import datetime
from typing import Any

from docker.errors import NotFound

from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker import engine

RESTARTS = 3
"""Restarts that count as a crash loop. Docker waits longer before each one; three take a second or two."""
LOG_LINES = 3
"""How many lines from the end of a container's log are reported."""
RECENT = 300
"""Seconds: what happened to a container before is not why its agent does not answer now."""
NO_SPACE = "no space left on device"
"""What Linux answers where a disk is full (ENOSPC)."""
FULL_AGAIN = 20.0
"""Seconds in which an agent with a full disk logs that at least once: Raft tries again after 10 s at most."""
FULL_LINES = 200
"""How many lines from the end of a log are searched for that."""
MIB = 1024 * 1024


class CrashLoop:
    """Counts the restarts of one container from the first call on, so that nobody need wait for a timeout."""

    def __init__(self, container: str, connection: Connection) -> None:
        """`container` is the name or the ID of the container."""
        self._connection = connection
        self._container = container
        self._first_count: int | None = None

    def reason(self) -> str | None:
        """Why the container ends, once it is in a crash loop; None before, and when Docker does not answer."""
        try:
            with engine.connect(self._connection) as client:
                container = client.containers.get(self._container)
                restarts = int(container.attrs["RestartCount"])
                self._first_count = restarts if self._first_count is None else self._first_count
                waits = restarts >= RESTARTS and container.attrs["State"]["Restarting"]
                if waits or restarts - self._first_count >= RESTARTS:
                    return ending(client, container)
        except engine.NO_ANSWER:
            pass
        return None


def ending(client: Any, container: Any) -> str:
    """How a container that ends again and again did so, in words that follow its name."""
    if killed := memory_kill(client, container):
        return killed
    status = container.attrs["State"]["ExitCode"]
    return f"ends as soon as it starts{f' with exit status {status}' if status else ''} ({end_of_log(container)})"


def end_of_log(container: Any) -> str:
    """The last lines of a container's log in one line."""
    log = container.logs(tail=LOG_LINES).decode(errors="replace")
    return " / ".join(line.strip() for line in log.splitlines() if line.strip()) or "its log is empty"


def full_disk(container: Any, since: float) -> str | None:
    """What the agent logged about a full disk after a time in seconds since 1970, or None."""
    log = container.logs(tail=FULL_LINES, since=int(since)).decode(errors="replace")
    return next((line.strip() for line in reversed(log.splitlines()) if NO_SPACE in line), None)


def silence(connection: Connection, name: str) -> str | None:
    """Why the agent in this container does not answer, as far as Docker shows; None otherwise."""
    try:
        with engine.connect(connection) as client:
            container = client.containers.get(name)
            state = container.attrs["State"]
            if state["Paused"]:
                return f"{name} is paused"
            if killed := memory_kill(client, container):
                return f"{name} {killed}"
            if state["Restarting"] or not state["Running"]:
                return f"{name} does not run: its container ended with exit status {state['ExitCode']}"
    except NotFound:
        return f"there is no container {name}"
    except engine.NO_ANSWER:
        pass
    return killed_in_cluster(connection, name)


def killed_in_cluster(connection: Connection, name: str) -> str | None:
    """That an agent of the same cluster as this container was killed for memory lately, or None."""
    try:
        with engine.connect(connection) as client:
            cluster = client.containers.get(name).labels.get(engine.CLUSTER)
            killed = _out_of_memory(client, label=f"{engine.CLUSTER}={cluster}")
            for other in client.containers.list(filters={"id": killed}) if killed else []:
                return f"{other.name} {memory_kill(client, other)}"
    except engine.NO_ANSWER:
        pass
    return None


def memory_kill(client: Any, container: Any) -> str | None:
    """That the kernel killed the agent because of the memory limit, if it did so lately."""
    if not container.attrs["State"]["OOMKilled"] and not _out_of_memory(client, container=container.id):
        return None
    limit = container.attrs["HostConfig"]["Memory"] // MIB
    fix = f"raise `platform.docker.memory_mib`, now {limit}" if limit else "the machine has too little memory"
    return f"was killed for memory (137): {fix}"


def _out_of_memory(client: Any, **only: str) -> list[str]:
    """The IDs of the containers that ran out of memory lately. Docker remembers its last events."""
    # By the clock of the engine: it answers with events until then, so it would wait for a time to come.
    now = int(datetime.fromisoformat(client.info()["SystemTime"]).timestamp())
    found = client.events(since=now - RECENT, until=now, filters={**only, "event": "oom"}, decode=True)
    return [event["Actor"]["ID"] for event in found]

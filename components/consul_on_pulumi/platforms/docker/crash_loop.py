"""Whether a container ends again and again, and what it says then: nobody has to wait for one that can not start."""

from contextlib import closing

import docker
import requests
from docker.errors import DockerException

RESTARTS = 3
"""Restarts by Docker in a row: it waits longer before each, so they take a second or two."""
LINES = 3
"""Of the end of its log."""


class CrashLoop:
    """Counts how often Docker started a container again since the first question."""

    def __init__(self, container: str) -> None:
        """`container` is its ID."""
        self._container = container
        self._before: int | None = None

    def last_log_lines(self) -> str | None:
        """The end of its log, once it has ended often enough; None before, and where no engine tells."""
        try:
            with closing(docker.from_env()) as client:
                found = client.containers.get(self._container)
                restarts = int(found.attrs["RestartCount"])
                self._before = restarts if self._before is None else self._before
                if restarts - self._before < RESTARTS:
                    return None
                said = found.logs(tail=LINES).decode(errors="replace")
        except (DockerException, requests.RequestException):
            return None
        return " / ".join(line.strip() for line in said.splitlines() if line.strip()) or "it says nothing"

"""Detects a container that Docker restarts again and again, so that a rollout need not wait until its timeout."""

from consul_on_pulumi.platforms.docker import engine

RESTARTS = 3
"""Restarts that count as a crash loop. Docker waits longer before each one; three take a second or two."""
LOG_LINES = 3
"""How many lines from the end of the container's log are reported."""


class CrashLoop:
    """Counts the restarts of one container from the first call on."""

    def __init__(self, container: str) -> None:
        """`container` is the ID of the container."""
        self._container = container
        self._first_count: int | None = None

    def last_log_lines(self) -> str | None:
        """The end of the container's log once it is in a crash loop; None before, and when Docker does not answer."""
        try:
            with engine.connect() as client:
                container = client.containers.get(self._container)
                restarts = int(container.attrs["RestartCount"])
                self._first_count = restarts if self._first_count is None else self._first_count
                if restarts - self._first_count < RESTARTS:
                    return None
                log = container.logs(tail=LOG_LINES).decode(errors="replace")
        except engine.NO_ANSWER:
            return None
        return " / ".join(line.strip() for line in log.splitlines() if line.strip()) or "its log is empty"

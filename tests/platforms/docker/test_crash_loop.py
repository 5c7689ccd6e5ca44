"""When a container is given up, on an engine played by hand."""

from types import SimpleNamespace

import docker
import pytest
from consul_on_pulumi.platforms.docker.crash_loop import CrashLoop
from docker.errors import DockerException, NotFound


class PlayedEngine:
    """One container that Docker has started again so often."""

    def __init__(self) -> None:
        self.restarts = 0
        self.log = b"==> first\n\n==> raft_multiplier cannot be 99\n"
        self.open = 0
        self.containers = SimpleNamespace(get=self._get)

    def close(self) -> None:
        self.open -= 1

    def _get(self, name: str) -> SimpleNamespace:
        if name != "container":
            raise NotFound(name)
        return SimpleNamespace(attrs={"RestartCount": self.restarts}, logs=lambda tail: self.log)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    played = PlayedEngine()

    def opened() -> PlayedEngine:
        played.open += 1
        return played

    monkeypatch.setattr(docker, "from_env", opened)
    return played


def test_only_restarts_that_were_watched_count(engine: PlayedEngine) -> None:
    engine.restarts = 7
    crashes = CrashLoop("container")

    assert crashes.last_log_lines() is None
    engine.restarts = 9
    assert crashes.last_log_lines() is None
    engine.restarts = 10
    assert crashes.last_log_lines() == "==> first / ==> raft_multiplier cannot be 99"
    assert engine.open == 0


def test_a_container_without_words_is_given_up_too(engine: PlayedEngine) -> None:
    crashes = CrashLoop("container")
    crashes.last_log_lines()
    engine.restarts, engine.log = 3, b"\n"

    assert crashes.last_log_lines() == "it says nothing"


def test_where_no_engine_tells_nobody_is_given_up(engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CrashLoop("another").last_log_lines() is None

    def refused() -> None:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", refused)
    assert CrashLoop("container").last_log_lines() is None

"""When a container counts as being in a crash loop, on a fake Docker engine."""

from types import SimpleNamespace

import docker
import pytest
from consul_on_pulumi.platforms.docker.providers.raft_peer import CrashLoop
from docker.errors import DockerException, NotFound


class FakeEngine:
    """One container, with the number of its restarts."""

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
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()

    def connect() -> FakeEngine:
        fake.open += 1
        return fake

    monkeypatch.setattr(docker, "from_env", connect)
    return fake


def test_only_restarts_after_the_first_call_count(engine: FakeEngine) -> None:
    engine.restarts = 7
    crash_loop = CrashLoop("container")

    assert crash_loop.last_log_lines() is None
    engine.restarts = 9
    assert crash_loop.last_log_lines() is None
    engine.restarts = 10
    assert crash_loop.last_log_lines() == "==> first / ==> raft_multiplier cannot be 99"
    assert engine.open == 0


def test_a_crash_loop_with_an_empty_log_is_reported(engine: FakeEngine) -> None:
    crash_loop = CrashLoop("container")
    crash_loop.last_log_lines()
    engine.restarts, engine.log = 3, b"\n"

    assert crash_loop.last_log_lines() == "its log is empty"


def test_without_an_answer_of_docker_no_crash_loop_is_reported(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CrashLoop("another").last_log_lines() is None

    def refused() -> None:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", refused)
    assert CrashLoop("container").last_log_lines() is None

"""When a container counts as being in a crash loop and why it ended, on a fake Docker engine."""

import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.platforms.docker.crash import CrashLoop
from docker.errors import DockerException, NotFound


class FakeEngine:
    """One container, with the number of its restarts."""

    def __init__(self) -> None:
        self.restarts = 0
        self.log = b"==> first\n\n==> raft_multiplier cannot be 99\n"
        self.open = 0
        self.state = {"Restarting": False, "ExitCode": 1, "OOMKilled": False}
        self.limit = 0
        self.now = time.time()
        """What its clock shows."""
        self.oom: list[dict[str, Any]] = []
        """Events of the last minutes."""
        self.containers = SimpleNamespace(get=self._get)

    def close(self) -> None:
        self.open -= 1

    def info(self) -> dict[str, str]:
        return {"SystemTime": f"{datetime.fromtimestamp(self.now, timezone(timedelta(hours=1))).isoformat()}"}

    def events(self, since: int, until: int, filters: dict[str, str], decode: bool) -> list[dict[str, Any]]:
        assert filters == {"container": "container", "event": "oom"}
        assert until - since == 300
        assert until <= self.now, "the engine waits for a time to come"
        return self.oom

    def _get(self, name: str) -> SimpleNamespace:
        if name != "container":
            raise NotFound(name)
        attrs = {"RestartCount": self.restarts, "State": self.state, "HostConfig": {"Memory": self.limit * 1024 * 1024}}
        return SimpleNamespace(id=name, attrs=attrs, logs=lambda tail: self.log)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()

    def connect(**_: object) -> FakeEngine:
        fake.open += 1
        return fake

    monkeypatch.setattr(docker, "from_env", connect)
    return fake


def test_only_restarts_after_the_first_call_count(engine: FakeEngine) -> None:
    engine.restarts = 7
    crash_loop = CrashLoop("container", {})

    assert crash_loop.reason() is None
    engine.restarts = 9
    assert crash_loop.reason() is None
    engine.restarts = 10
    assert crash_loop.reason() == (
        "ends as soon as it starts with exit status 1 (==> first / ==> raft_multiplier cannot be 99)"
    )
    assert engine.open == 0


def test_a_crash_loop_with_an_empty_log_is_reported(engine: FakeEngine) -> None:
    crash_loop = CrashLoop("container", {})
    crash_loop.reason()
    engine.restarts, engine.log = 3, b"\n"

    assert crash_loop.reason() == "ends as soon as it starts with exit status 1 (its log is empty)"


def test_without_an_answer_of_docker_no_crash_loop_is_reported(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CrashLoop("another", {}).reason() is None

    def refused(**_: object) -> None:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", refused)
    assert CrashLoop("container", {}).reason() is None


def test_b2_a_container_that_waits_for_its_next_restart_is_in_a_crash_loop_at_the_first_look(
    engine: FakeEngine,
) -> None:
    """Docker waits up to a minute between two restarts."""
    engine.restarts, engine.state["Restarting"] = 3, True

    assert str(CrashLoop("container", {}).reason()).startswith("ends as soon as it starts with exit status 1 (")


@pytest.mark.parametrize("evidence", ["state", "event"])
@pytest.mark.parametrize(
    ("limit", "fix"), [(64, "raise `platform.docker.memory_mib`, now 64"), (0, "the machine has too little memory")]
)
def test_c13_a_container_that_was_killed_for_memory_is_reported_with_the_setting(
    engine: FakeEngine, evidence: str, limit: int, fix: str
) -> None:
    engine.restarts, engine.limit = 3, limit
    engine.state |= {"Restarting": True, "ExitCode": 137}
    if evidence == "state":
        engine.state["OOMKilled"] = True
    else:
        engine.oom = [{"Action": "oom", "Actor": {"ID": "container"}}]

    assert CrashLoop("container", {}).reason() == f"was killed for memory (137): {fix}"


def test_d14_a_clock_that_differs_from_that_of_the_engine_is_not_waited_for(engine: FakeEngine) -> None:
    engine.restarts, engine.now = 3, engine.now - 3600
    engine.state |= {"Restarting": True, "ExitCode": 137}
    engine.oom = [{"Action": "oom", "Actor": {"ID": "container"}}]

    assert "was killed for memory (137)" in str(CrashLoop("container", {}).reason())

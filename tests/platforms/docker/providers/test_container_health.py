"""Which faults of a container are repaired, on a fake Docker engine."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.consul import access
from consul_on_pulumi.platforms.docker import crash
from consul_on_pulumi.platforms.docker.providers import container_health
from consul_on_pulumi.platforms.docker.providers.container_health import ContainerHealthProvider, RepairFailedError
from docker.errors import DockerException, NotFound

from tests.doubles.fake_consul import FakeConsul, Fault

FULL = (
    b"12:00 [INFO] agent: x\n12:01 [ERROR] agent.server.raft: write /consul/data/raft: no space left on device\nmore\n"
)
LONG_AGO = "2026-01-02T03:04:05.678901234Z"
NAME, NETWORK, ADDRESS = "dev-server-0", "dev", "172.30.0.2"


class FakeEngine:
    """One container that is running, connected and healthy, until a test changes that."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {
            "Paused": False,
            "Running": True,
            "Restarting": False,
            "ExitCode": 1,
            "OOMKilled": False,
            "StartedAt": LONG_AGO,
            "Health": {"Status": "healthy"},
        }
        self.networks_of_container: dict[str, Any] = {NETWORK: {"IPAddress": ADDRESS}}
        self.restarts = 0
        self.full_at = 0.0
        """When the agent logged last that its disk is full, in seconds since 1970."""
        self.unrecoverable = False
        """Whether repairs have no effect."""
        self.done: list[tuple[Any, ...]] = []
        self.containers = SimpleNamespace(get=self._get)
        self.networks = SimpleNamespace(
            get=lambda name: SimpleNamespace(connect=self._connect, disconnect=self._disconnect, name=name)
        )

    def close(self) -> None:
        pass

    def _get(self, name: str) -> Any:
        if name != NAME:
            raise NotFound(name)
        attrs = {
            "State": self.state,
            "NetworkSettings": {"Networks": self.networks_of_container},
            "RestartCount": self.restarts,
            "HostConfig": {"Memory": 64 * 1024 * 1024},
        }
        return SimpleNamespace(id=name, attrs=attrs, unpause=self._unpause, restart=self._restart, logs=self._logs)

    def _logs(self, tail: int, since: int | None = None) -> bytes:
        if since is None:
            return b"* invalid config key performance.raft_multiplyer\n"
        return FULL if since <= self.full_at else b""

    def info(self) -> dict[str, str]:
        return {"SystemTime": datetime.now(UTC).isoformat()}

    def events(self, **_: Any) -> list[Any]:
        return []

    def _unpause(self) -> None:
        self.done.append(("unpause",))
        self.state["Paused"] = self.unrecoverable

    def _restart(self, timeout: int) -> None:
        self.done.append(("restart", timeout))
        self.state["Health"] = {"Status": "starting"}
        self.state["StartedAt"] = datetime.now(UTC).isoformat()

    def _disconnect(self, _container: Any, force: bool) -> None:
        self.done.append(("disconnect", force))
        self.networks_of_container.pop(NETWORK)

    def _connect(self, _container: Any, aliases: list[str], ipv4_address: str) -> None:
        self.done.append(("connect", tuple(aliases), ipv4_address))
        self.networks_of_container[NETWORK] = {"IPAddress": ipv4_address}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr(docker, "from_env", lambda **_: fake)
    return fake


def props(base: str = "http://127.0.0.1:1", **more: Any) -> dict[str, Any]:
    return {
        "container": NAME,
        "network": NETWORK,
        "ipv4_address": ADDRESS,
        "aliases": ["dev-server"],
        "http_address": base,
        "revision": 1,
        "fault": None,
        **more,
    }


def changes(olds: dict[str, Any], news: dict[str, Any]) -> bool:
    return bool(ContainerHealthProvider().diff(NAME, olds, news).changes)


def test_a_container_without_a_fault_is_no_change(engine: FakeEngine) -> None:
    assert not changes(props(), props())
    assert ContainerHealthProvider().read(NAME, props()).outs["fault"] is None


@pytest.mark.parametrize("key", ["container", "network", "ipv4_address", "aliases", "http_address", "revision"])
def test_a_change_of_any_input_is_an_update(engine: FakeEngine, key: str) -> None:
    assert changes(props(), props(**{key: "another"}))


def test_a_paused_container_is_unpaused(engine: FakeEngine) -> None:
    engine.state["Paused"] = True

    assert changes(props(), props())
    assert ContainerHealthProvider().read(NAME, props()).outs["fault"] == "paused"
    assert ContainerHealthProvider().update(NAME, props(), props()).outs["fault"] is None
    assert engine.done == [("unpause",)]


def test_a_disconnected_container_is_connected_with_its_address_and_aliases(engine: FakeEngine) -> None:
    engine.networks_of_container.clear()

    assert changes(props(), props())
    assert ContainerHealthProvider().read(NAME, props()).outs["fault"] == "not connected to dev at 172.30.0.2"
    ContainerHealthProvider().update(NAME, props(), props())
    assert engine.done == [("connect", ("dev-server",), ADDRESS)]


def test_a_container_at_a_wrong_address_is_connected_again(engine: FakeEngine) -> None:
    engine.networks_of_container[NETWORK] = {"IPAddress": "172.30.0.99"}

    ContainerHealthProvider().update(NAME, props(), props())

    assert engine.done == [("disconnect", True), ("connect", ("dev-server",), ADDRESS)]


@pytest.mark.parametrize("health", ["unhealthy", "starting"])
def test_d5_an_agent_that_does_not_answer_is_restarted_and_waited_for(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, health: str
) -> None:
    """An agent that cannot read its data tries again for a minute and then ends: it is never "unhealthy"."""
    engine.state["Health"] = {"Status": health}
    monkeypatch.setattr(access, "answers", lambda *_: bool(engine.done))

    assert changes(props(), props())
    assert ContainerHealthProvider().read(NAME, props()).outs["fault"] == "does not answer"
    ContainerHealthProvider().update(NAME, props(), props())
    assert engine.done == [("restart", 10)]


def test_an_agent_that_answers_is_not_restarted_when_the_cluster_has_no_leader(
    engine: FakeEngine, consul: FakeConsul
) -> None:
    engine.state["Health"] = {"Status": "unhealthy"}
    consul.canned[0, "GET", "/v1/agent/self"] = {}
    settings = props(consul.addresses[0])

    assert not changes(settings, settings)


def test_an_agent_that_requires_a_token_is_not_restarted(engine: FakeEngine, consul: FakeConsul) -> None:
    engine.state["Health"] = {"Status": "unhealthy"}
    consul.fail(Fault.FORBIDDEN, times=float("inf"))
    settings = props(consul.addresses[0])

    assert not changes(settings, settings)


def test_d5_an_agent_that_does_not_answer_after_its_restart_is_named_with_the_end_of_its_log(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.state["Health"] = {"Status": "starting"}
    monkeypatch.setattr(container_health, "AGENT_START_TIMEOUT", 0.0)

    with pytest.raises(RepairFailedError) as caught:
        ContainerHealthProvider().update(NAME, props(), props())
    assert str(caught.value) == (
        "dev-server-0 does not answer at http://127.0.0.1:1 after 0 s (* invalid config key "
        "performance.raft_multiplyer): correct that, then run `pulumi up` again"
    )


def test_an_agent_that_is_starting_has_no_fault(engine: FakeEngine) -> None:
    engine.state["Health"] = {"Status": "starting"}
    engine.state["StartedAt"] = datetime.now(UTC).isoformat()

    assert not changes(props(), props())


def test_several_faults_are_all_repaired(engine: FakeEngine) -> None:
    engine.state["Paused"] = True
    engine.networks_of_container.clear()

    ContainerHealthProvider().update(NAME, props(), props())

    assert [done[0] for done in engine.done] == ["unpause", "connect"]


def test_a_fault_that_remains_after_the_repair_stops_the_rollout(engine: FakeEngine) -> None:
    engine.state["Paused"] = engine.unrecoverable = True

    with pytest.raises(RepairFailedError, match="dev-server-0: still paused after the repair"):
        ContainerHealthProvider().update(NAME, props(), props())
    assert engine.done == [("unpause",)]


def test_b2_a_container_in_a_crash_loop_is_reported_with_the_end_of_its_log(engine: FakeEngine) -> None:
    """The second `up`. Docker shows no address while it waits, and disconnecting then answers 500."""
    engine.state["Restarting"], engine.restarts = True, 3
    engine.networks_of_container.clear()

    assert changes(props(), props())
    assert ContainerHealthProvider().read(NAME, props()).outs["fault"] == "ends again and again"
    with pytest.raises(RepairFailedError) as caught:
        ContainerHealthProvider().update(NAME, props(), props())
    assert str(caught.value) == (
        "dev-server-0 ends as soon as it starts with exit status 1 (* invalid config key performance.raft_multiplyer). "
        "Correct the settings and run `pulumi up` again"
    )
    assert engine.done == []


def test_b2_a_container_that_restarts_for_once_has_no_fault(engine: FakeEngine) -> None:
    engine.state["Restarting"], engine.restarts = True, 1
    engine.networks_of_container.clear()

    assert not changes(props(), props())


@pytest.mark.parametrize("operation", ["create", "update"])
def test_b2_a_client_in_a_crash_loop_is_reported_at_its_birth_and_in_a_rollout(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    engine.restarts, client = 3, props(agent=NAME)

    def restarting(*_: object) -> bool:
        engine.state["Restarting"] = True
        return False

    monkeypatch.setattr(access, "answers", restarting)
    provider = ContainerHealthProvider()
    run = {"create": lambda: provider.create(client), "update": lambda: provider.update(NAME, client, client)}

    with pytest.raises(RepairFailedError, match="dev-server-0 ends as soon as it starts"):
        run[operation]()


def test_b2_a_client_that_does_not_answer_is_reported(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_health, "AGENT_START_TIMEOUT", 0.0)

    with pytest.raises(RepairFailedError, match=r"dev-server-0 does not answer at http://127\.0\.0\.1:1 after 0 s"):
        ContainerHealthProvider().create(props(agent=NAME))


def test_b2_a_new_container_of_a_client_is_waited_for(engine: FakeEngine, consul: FakeConsul) -> None:
    consul.canned[0, "GET", "/v1/agent/self"] = {}
    before, now = props(consul.addresses[0], agent="old"), props(consul.addresses[0], agent="new")

    assert changes(before, now)
    assert ContainerHealthProvider().update(NAME, before, now).outs["agent"] == "new"


def test_a_stopped_or_missing_container_is_left_to_its_own_resource(engine: FakeEngine) -> None:
    engine.state["Running"] = False
    engine.networks_of_container.clear()

    assert not changes(props(), props())
    gone = props(container="dev-server-9")
    assert not changes(gone, gone)


def test_a5_an_engine_that_does_not_answer_shows_no_fault_and_says_so(
    monkeypatch: pytest.MonkeyPatch, warned: list[str]
) -> None:
    def refused(**_: object) -> None:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", refused)

    assert not changes(props(), props())
    assert "could not be read and may have changed: the Docker engine at " in warned[0]
    assert "connection refused" in warned[0]


def test_d13_an_agent_with_a_full_volume_is_shown_and_named_with_what_it_logged(engine: FakeEngine) -> None:
    engine.full_at = time.time() + 60

    assert changes(props(), props())
    assert ContainerHealthProvider().read(NAME, props()).outs["fault"] == "its volume is full"
    with pytest.raises(RepairFailedError) as caught:
        ContainerHealthProvider().update(NAME, props(), props())
    assert "dev-server-0 stores nothing, its volume is full (12:01 [ERROR]" in str(caught.value)
    assert "free some space there, then run `pulumi up` again" in str(caught.value)
    assert engine.done == []


def test_d13_an_agent_whose_volume_has_space_again_is_no_failure(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash, "FULL_AGAIN", 1.5)
    engine.full_at = time.time() - 1.2

    assert changes(props(), props())
    assert ContainerHealthProvider().update(NAME, props(), props()).outs["fault"] is None
    assert engine.done == []


def test_d14_an_agent_that_hangs_since_the_clock_was_set_back_is_a_fault(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.state |= {"StartedAt": "2999-01-02T03:04:05.678901234Z", "Health": {"Status": "unhealthy"}}

    assert ContainerHealthProvider().read(NAME, props()).outs["fault"] == "does not answer"

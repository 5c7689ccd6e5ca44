"""Why a server in a container does not answer, on a fake Docker engine and a fake Consul."""

from types import SimpleNamespace
from typing import Any

import docker
import pytest
import requests
from consul_on_pulumi.consul import access
from consul_on_pulumi.consul.api import Consul, UnreachableError
from docker.errors import DockerException, NotFound

from tests.doubles.fake_consul import FakeConsul, Fault

RUNNING = {"Paused": False, "Running": True, "Restarting": False, "ExitCode": 0, "OOMKilled": False}
KILLED = "was killed for memory (137): raise `platform.docker.memory_mib`, now 64"


class FakeEngine:
    """The containers of two servers, and the IDs of those that ran out of memory lately."""

    def __init__(self) -> None:
        self.states = {name: dict(RUNNING) for name in ("dev-server-0", "dev-server-1")}
        self.oom: list[str] = []
        self.containers = SimpleNamespace(get=self._get, list=lambda filters: [self._get(one) for one in filters["id"]])

    def close(self) -> None:
        pass

    def info(self) -> dict[str, str]:
        return {"SystemTime": "2026-11-27T01:02:03.456789012+01:00"}

    def events(self, since: int, until: int, filters: dict[str, str], decode: bool) -> list[dict[str, Any]]:
        assert filters["event"] == "oom"
        assert filters.get("label", "consul.cluster=dev") == "consul.cluster=dev"
        return [{"Actor": {"ID": one}} for one in self.oom if filters.get("container", one) == one]

    def _get(self, name: str) -> Any:
        if name not in self.states:
            raise NotFound(name)
        attrs = {"State": self.states[name], "HostConfig": {"Memory": 64 * 1024 * 1024}}
        return SimpleNamespace(id=name, name=name, attrs=attrs, labels={"consul.cluster": "dev"})


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr(docker, "from_env", lambda **_: fake)
    return fake


def address(consul: FakeConsul, name: str = "dev-server-0") -> str:
    return f"http+docker://{name}:{consul.addresses[0].rpartition(':')[2]}"


def failure(url: str) -> str:
    """What a request says that is not answered, or answered with an error."""
    with access.session({}) as session, pytest.raises(requests.ConnectionError) as caught:
        session.get(f"{url}/v1/status/leader?x=1", timeout=1)
    return str(caught.value)


def test_a_request_reaches_the_published_port(engine: FakeEngine, consul: FakeConsul) -> None:
    assert Consul([address(consul)], {}).leader()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"Paused": True}, "dev-server-0 is paused"),
        ({"Running": False, "ExitCode": 2}, "dev-server-0 does not run: its container ended with exit status 2"),
        ({"Restarting": True, "ExitCode": 1}, "dev-server-0 does not run: its container ended with exit status 1"),
        ({"Restarting": True, "OOMKilled": True, "ExitCode": 137}, f"dev-server-0 {KILLED}"),
    ],
)
def test_c13_the_state_of_the_container_says_why_its_agent_is_silent(
    engine: FakeEngine, state: dict[str, Any], reason: str
) -> None:
    engine.states["dev-server-0"] |= state

    assert failure("http+docker://dev-server-0:1") == reason


def test_c13_a_missing_container_is_named(engine: FakeEngine) -> None:
    assert failure("http+docker://dev-server-9:1") == "there is no container dev-server-9"


def test_c13_a_server_without_a_leader_names_the_server_that_was_killed_for_memory(
    engine: FakeEngine, consul: FakeConsul
) -> None:
    engine.oom = ["dev-server-1"]
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    assert failure(address(consul)) == f"dev-server-1 {KILLED}"


def test_c13_an_update_that_ends_without_an_answer_says_that_a_server_was_killed_for_memory(engine: FakeEngine) -> None:
    engine.oom = ["dev-server-0"]

    with pytest.raises(UnreachableError, match=r"dev-server-0 was killed for memory \(137\)"):
        Consul(["http+docker://dev-server-0:1"], {}, timeout=0).keys_below("")


@pytest.mark.parametrize("silent", [False, True], ids=["a container that runs", "an engine that does not answer"])
def test_the_error_of_the_connection_stays_where_docker_knows_no_reason(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    if silent:

        def refused(**_: object) -> None:
            raise DockerException("connection refused")

        monkeypatch.setattr(docker, "from_env", refused)

    assert "Connection refused" in failure("http+docker://dev-server-0:1")

"""ClusterEnd: whether it stops the agents, and which."""

from types import SimpleNamespace
from typing import Any

import pytest
from consul_on_pulumi.platforms.docker.providers.cluster_end import ClusterEndProvider

from tests.doubles.fake_docker import FakeDocker

PROPS = {"cluster": "dev", "cluster_id": "one", "data_stays": False, "revision": 1}


@pytest.fixture
def listed(engine: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The filters of each request for containers; two run."""
    filters: list[Any] = []

    def containers(**chosen: Any) -> list[Any]:
        filters.append(chosen["filters"])
        return [engine._container(name) for name in ("dev-server-0", "dev-client-0")]

    for name in ("dev-server-0", "dev-client-0"):
        engine.container(name)
    engine.containers = SimpleNamespace(get=engine._container, list=containers)
    monkeypatch.setattr("consul_on_pulumi.platforms.cluster_end._staying", set())
    return filters


def test_all_agents_stop_where_the_engine_deletes_the_data_too(engine: FakeDocker, listed: list[Any]) -> None:
    ClusterEndProvider().delete("dev", PROPS)

    assert sorted(engine.done) == [("stop", "dev-client-0"), ("stop", "dev-server-0")]
    assert listed == [{"label": ["consul.cluster=dev", "consul.cluster-id=one"]}]


@pytest.mark.parametrize(("staying", "stopped"), [("one", 0), ("another", 2)])
def test_no_agent_stops_where_the_data_of_its_cluster_stays(
    engine: FakeDocker, listed: list[Any], staying: str, stopped: int
) -> None:
    ClusterEndProvider().delete("dev", PROPS | {"cluster_id": staying, "data_stays": True})
    ClusterEndProvider().delete("dev", PROPS)

    assert len(engine.done) == stopped


def test_nothing_is_ever_an_update() -> None:
    assert not ClusterEndProvider().diff("dev", PROPS, PROPS | {"cluster_id": "other"}).changes

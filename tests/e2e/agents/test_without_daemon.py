"""A Docker daemon is restarted under a cluster."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos import interrupted
from tests.e2e import consul, own_daemon
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT, Factory, three_and_one
from tests.e2e.own_daemon import Daemon
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, variables: None) -> Iterator[Daemon]:
    if reason := own_daemon.unavailable():
        pytest.skip(reason)
    with own_daemon.running(tmp_path_factory.mktemp("daemon")) as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", started.host)
        yield started


@pytest.fixture(scope="module")
def standing(daemon: Daemon, cluster_of_module: Factory) -> Cluster:
    return three_and_one(cluster_of_module, "daemon", datacenter="calm")


def test_the_cluster_recovers_by_itself_after_a_restart_of_the_daemon(standing: Cluster, daemon: Daemon) -> None:
    ids = standing.node_ids()
    daemon.restart()
    eventually("every container", lambda: standing.containers, lambda found: len(found) == 4)
    standing.whole(within=90)
    assert standing.node_ids() == ids
    for base in standing.agents:
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
    assert standing.preview().keys() == {"same"}, standing.changed()


def test_an_up_that_loses_the_daemon_is_finished_by_the_next_one(standing: Cluster, daemon: Daemon) -> None:
    standing.change(agent_config={"log_level": "DEBUG"})
    with ThreadPoolExecutor(1) as pool:
        rolling = pool.submit(standing.up)
        eventually(
            "the first server is being replaced",
            lambda: ("create-replacement", "consul-server-0") in standing.steps,
            bool,
        )
        daemon.restart()
        # The rollout may or may not notice the restart: both must end well.
        rolling.exception(timeout=300)

    interrupted.converge(standing, "up")

    standing.whole(within=90)
    assert interrupted.orphans(standing) == []
    for base in standing.agents:
        assert consul.ask(base, "/v1/agent/self")["DebugConfig"]["Logging"]["LogLevel"] == "DEBUG"
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
    assert standing.preview().keys() == {"same"}, standing.changed()

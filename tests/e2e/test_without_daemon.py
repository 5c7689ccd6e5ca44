"""The Docker daemon is restarted. These tests run last, because that restarts every container of the machine."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos import interrupted
from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT
from tests.e2e.waiting import eventually
from tools import places
from tools.docker import engine as docker_engine

pytestmark = pytest.mark.e2e


def not_ready_reason() -> str | None:
    """Why these tests may not restart the daemon, or None."""
    if os.environ.get("DOCKER_HOST"):
        return "DOCKER_HOST names a daemon that these tests may not restart"
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        return "only root on the daemon's own machine can restart it"
    if not docker_engine.by_systemd() and not docker_engine.running(docker_engine.PID_FILES[0]):
        return "the daemon was not started by `python -m tools`"
    return None


def restart_daemon() -> None:
    command = [sys.executable, "-m", "tools", "docker", "restart"]
    subprocess.run(command, cwd=places.ROOT, check=True, capture_output=True, timeout=180)


def test_the_cluster_recovers_by_itself_after_a_restart_of_the_daemon(calm: Cluster) -> None:
    if reason := not_ready_reason():
        pytest.skip(reason)
    ids = calm.node_ids()
    restart_daemon()
    eventually("every container", lambda: calm.containers, lambda found: len(found) == 4)
    calm.whole(within=90)
    assert calm.node_ids() == ids
    for base in calm.agents:
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
    assert calm.preview().keys() == {"same"}, calm.changed()


def test_an_up_that_loses_the_daemon_is_finished_by_the_next_one(calm: Cluster) -> None:
    if reason := not_ready_reason():
        pytest.skip(reason)
    before = dict(calm.settings)
    calm.change(agent_config={"log_level": "DEBUG"})
    with ThreadPoolExecutor(1) as pool:
        rolling = pool.submit(calm.up)
        eventually(
            "the first server is being replaced", lambda: ("create-replacement", "consul-server-0") in calm.steps, bool
        )
        restart_daemon()
        # The rollout may or may not notice the restart: both must end well.
        rolling.exception(timeout=300)

    interrupted.converge(calm, "up")

    calm.whole(within=90)
    assert interrupted.orphans(calm) == []
    for base in calm.agents:
        assert consul.ask(base, "/v1/agent/self")["DebugConfig"]["Logging"]["LogLevel"] == "DEBUG"
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
    assert calm.preview().keys() == {"same"}, calm.changed()
    calm.change(agent_config=None, **before)

"""The Docker daemon stops and starts: last, because every container of the machine goes through it."""

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
from tools import docker_engine, places

pytestmark = pytest.mark.e2e


def not_ready_reason() -> str | None:
    """Why this test may not restart the daemon, or None."""
    if os.environ.get("DOCKER_HOST"):
        return "DOCKER_HOST names a daemon that is not ours to restart"
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        return "only root on the daemon's own machine can restart it"
    if not docker_engine.by_systemd() and not docker_engine.running(docker_engine.PID_FILES[0]):
        return "the daemon was not started by the toolchain"
    return None


def restart_daemon() -> None:
    command = [sys.executable, "-m", "toolchain", "docker", "restart"]
    subprocess.run(command, cwd=places.ROOT, check=True, capture_output=True, timeout=180)


def test_the_cluster_comes_back_by_itself_when_the_daemon_was_restarted(calm: Cluster) -> None:
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


def test_an_up_that_loses_its_daemon_half_way_is_finished_by_the_next_one(calm: Cluster) -> None:
    if reason := not_ready_reason():
        pytest.skip(reason)
    before = dict(calm.settings)
    calm.change(agent_config={"log_level": "DEBUG"})
    with ThreadPoolExecutor(1) as pool:
        rolling = pool.submit(calm.up)
        eventually("the first server on its way", lambda: ("create-replacement", "consul-server-0") in calm.steps, bool)
        restart_daemon()
        # Whether the roll meets the daemon away or just misses it is chance: both have to end well.
        rolling.exception(timeout=300)

    interrupted.converge(calm, "up")

    calm.whole(within=90)
    assert interrupted.orphans(calm) == []
    for base in calm.agents:
        assert consul.ask(base, "/v1/agent/self")["DebugConfig"]["Logging"]["LogLevel"] == "DEBUG"
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
    assert calm.preview().keys() == {"same"}, calm.changed()
    calm.change(agent_config=None, **before)

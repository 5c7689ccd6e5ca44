"""The Docker daemon stops and starts: last, because every container of the machine goes through it."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT
from tests.e2e.waiting import eventually
from toolchain import docker_engine, places

pytestmark = pytest.mark.e2e


def hindrance() -> str | None:
    """Why this test may not restart the daemon, or None."""
    if os.environ.get("DOCKER_HOST"):
        return "DOCKER_HOST names a daemon that is not ours to restart"
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        return "only root on the daemon's own machine can restart it"
    if not docker_engine.by_systemd() and not docker_engine.running(docker_engine.PID_FILES[0]):
        return "the daemon was not started by the toolchain"
    return None


def test_the_cluster_comes_back_by_itself_when_the_daemon_was_restarted(calm: Cluster) -> None:
    if reason := hindrance():
        pytest.skip(reason)
    ids = calm.node_ids()
    command = [sys.executable, "-m", "toolchain", "docker", "restart"]
    subprocess.run(command, cwd=places.ROOT, check=True, capture_output=True, timeout=180)
    eventually("every container", lambda: calm.containers, lambda found: len(found) == 4)
    calm.whole(within=90)
    assert calm.node_ids() == ids
    for base in calm.agents:
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
    assert calm.preview().keys() == {"same"}, calm.changed()

"""Kubernetes for the tests on the real thing."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e_k8s import traces
from toolchain.kubernetes import cluster, kind, layout
from toolchain.kubernetes.control_plane import control_plane


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a bare API server whose controllers run, but no node."""
    with control_plane(tmp_path_factory.mktemp("control-plane"), with_controllers=True) as kubeconfig:
        yield kubeconfig


@pytest.fixture(scope="session")
def kubernetes() -> Iterator[Path]:
    """The kubeconfig of a cluster of our own with three nodes: never the user's, whose context may be production.

    One that ran before is used and left; one that was started here is ended, and must leave nothing behind.
    """
    with open(Path(tempfile.gettempdir()) / "consul-on-pulumi-e2e-k8s.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = cluster.running() is not None
        cluster.ours(nodes=3)
        yield layout.kubeconfig()
        if not ran:
            cluster.down(keep=False)
            assert traces.left() == []


@pytest.fixture(scope="session")
def processes(kubernetes: Path) -> Path:
    """The same, where it is one of plain processes."""
    if kind.running():
        pytest.skip("kind made the cluster; it has no processes of ours")
    return kubernetes

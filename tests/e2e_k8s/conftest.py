"""Fixtures with a real Kubernetes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.kubernetes.control_plane import control_plane
from tools import environment
from tools.kubernetes import kind


@pytest.fixture(scope="session", autouse=True)
def variables() -> Iterator[None]:
    """What `eval "$(make -s env)"` sets."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.variables(environment.tools(), os.environ).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of an API server with controllers and without nodes."""
    with control_plane(tmp_path_factory.mktemp("control-plane"), with_controllers=True) as kubeconfig:
        yield kubeconfig


@pytest.fixture(scope="session")
def processes(kubernetes: Path) -> Path:
    """The kubeconfig of a cluster that runs as plain processes."""
    if kind.running():
        pytest.skip("kind made the cluster; it has no processes of ours")
    return kubernetes

"""Kubernetes for the tests on the real thing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain.kubernetes.control_plane import control_plane


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a bare API server whose controllers run, but no node."""
    with control_plane(tmp_path_factory.mktemp("control-plane"), with_controllers=True) as kubeconfig:
        yield kubeconfig

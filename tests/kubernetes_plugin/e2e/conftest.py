"""One API server for all tests of the plugin on the real engine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.kubernetes_plugin.e2e.kubelet import Kubelet
from tests.kubernetes_plugin.e2e.stack import Stack, stack_in
from toolchain import environment, kubernetes_plugin
from toolchain.kubernetes.control_plane import control_plane


@pytest.fixture(scope="session", autouse=True)
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What `eval "$(make -s env)"` sets, and the plugin as it is in this folder, whichever is installed."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.variables(environment.tools(), os.environ).items():
            patch.setenv(name, value)
        patch.setenv("PATH", str(kubernetes_plugin.staged(tmp_path_factory.mktemp("plugin"))), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory, variables: None) -> Iterator[Path]:
    """Of an API server with controllers, but without nodes."""
    with control_plane(tmp_path_factory.mktemp("control-plane"), with_controllers=True) as found:
        yield found


@pytest.fixture(scope="session")
def kubectl(kubeconfig: Path) -> Kubectl:
    return Kubectl(kubeconfig)


@pytest.fixture(scope="session")
def kubelet(kubeconfig: Path) -> Iterator[Kubelet]:
    """Makes Pods ready, or not, as their annotation says."""
    with Kubelet(kubeconfig) as running:
        yield running


@pytest.fixture
def stack(tmp_path: Path, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack without resources."""
    # The SDK looks for it too, where a program makes a provider: in the test's own process.
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    with stack_in(tmp_path, "dev", {"KUBECONFIG": str(kubeconfig)}) as made:
        yield made

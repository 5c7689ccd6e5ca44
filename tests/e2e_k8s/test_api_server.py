"""The API server without nodes is a real one, and nothing of it stays."""

from pathlib import Path

import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.e2e_k8s.traces import running_in
from tests.tools.kubernetes.control_plane import control_plane
from tools import versions

pytestmark = pytest.mark.e2e


def test_it_reports_its_version_and_deletes_a_namespace(api_server: Path) -> None:
    kubectl = Kubectl(api_server)

    assert f"Server Version: v{versions.KUBERNETES}" in kubectl("version")
    kubectl("create", "namespace", "short-lived")
    kubectl("create", "configmap", "kept", "--namespace=short-lived")
    kubectl("delete", "namespace", "short-lived", "--timeout=30s")


def test_it_enforces_pod_security(api_server: Path) -> None:
    kubectl = Kubectl(api_server)
    kubectl("create", "namespace", "strict")
    kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted")

    with pytest.raises(AssertionError, match="violates PodSecurity"):
        kubectl("run", "lax", "--image=none", "--namespace=strict")


def test_all_its_processes_end_with_it(tmp_path: Path) -> None:
    with control_plane(tmp_path):
        assert running_in(tmp_path) == {"etcd", "kube-apiserver"}

    assert running_in(tmp_path) == set()

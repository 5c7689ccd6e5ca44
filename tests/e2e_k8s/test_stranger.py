"""The Kubernetes example runs in another folder, with the installed package and nothing else of this repository."""

from pathlib import Path

import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.examples import project
from tools import places

pytestmark = pytest.mark.e2e

CLUSTER = f"kubernetes-example-{project.STACK}"


def test_a_program_in_another_folder_with_the_package_alone_runs_and_removes_a_cluster(
    kubernetes: Path, tmp_path: Path
) -> None:
    kubectl = Kubectl(kubernetes)
    installed = project.environment(tmp_path, str(project.PACKAGE))

    with project.stack_of(
        places.ROOT / "examples" / "kubernetes", tmp_path, installed, KUBECONFIG=str(kubernetes)
    ) as stack:
        outputs = project.up(stack)

        consul = ("exec", "--namespace", CLUSTER, f"{CLUSTER}-server-0", "--", "consul")
        peers = kubectl(*consul, "operator", "raft", "list-peers").splitlines()[1:]
        (leader,) = [peer for peer in peers if " leader " in peer]
        assert len(peers) == 3
        assert outputs["leader_address"] in leader
        assert kubectl(*consul, "kv", "get", "app/name").strip() == "web"
        (servers,) = kubectl.get("statefulsets", "--namespace", CLUSTER)["items"]
        assert servers["metadata"]["labels"]["team"] == "shop"

        stack.destroy()
        assert project.resources(stack) == []
    left = [one["metadata"]["name"] for one in kubectl.get("namespaces")["items"]]
    assert CLUSTER not in left

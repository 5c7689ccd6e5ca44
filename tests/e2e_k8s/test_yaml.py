"""The example in YAML on Kubernetes, from nothing to a leader, a roll and a destroy."""

from pathlib import Path

import pytest
import yaml

from tests.e2e_k8s.kubectl import Kubectl
from tests.examples import taken_over
from tests.examples.in_language import copied_plugin, example
from tools import places

pytestmark = pytest.mark.e2e


def test_a_program_in_yaml_rolls_is_refused_and_leaves_nothing(kubernetes: Path, tmp_path: Path) -> None:
    kubectl = Kubectl(kubernetes)

    def servers(cluster: str) -> dict[str, str]:
        label = "app.kubernetes.io/component=server"
        pods = kubectl.get("pods", "--namespace", cluster, "--selector", label)["items"]
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods}

    # As if `pulumi install` had made it.
    (copied_plugin(tmp_path) / ".venv").symlink_to(places.VENV)
    with example("yaml", tmp_path, KUBECONFIG=str(kubernetes)) as made:
        made.change("Pulumi.yaml", ("docker: {subnet: 172.30.6.0/24}", "kubernetes: {}"))
        made.run("config", "set", "servers", "1")
        leader = made.up()["leaderAddress"]
        in_pod = ("exec", "--namespace", made.cluster, f"{made.cluster}-server-0", "--", "consul")
        assert leader in kubectl(*in_pod, "operator", "raft", "list-peers")
        assert kubectl(*in_pod, "kv", "get", "app/replicas").strip() == "3"
        before = servers(made.cluster)

        made.refuses("servers", "4", "cluster.servers: expected an odd number from 1 to 7, got 4")

        made.run("config", "set", "logLevel", "DEBUG")
        made.up()
        after = servers(made.cluster)
        assert after.keys() == before.keys()
        assert not set(after.values()) & set(before.values())

        in_yaml = yaml.safe_load((made.folder / "Pulumi.yaml").read_text())
        taken_over.by_python(made, {"kubernetes": {}})
        assert servers(made.cluster) == after
        taken_over.by_yaml(made, in_yaml)
        assert servers(made.cluster) == after
        assert kubectl(*in_pod, "kv", "get", "app/replicas").strip() == "3"
    left = [one["metadata"]["name"] for one in kubectl.get("namespaces")["items"]]
    assert made.cluster not in left

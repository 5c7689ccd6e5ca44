"""Outputs of an object that is deleted before its replacement, as settings of a cluster: its pods stay."""

from pathlib import Path

import pytest
from pulumi import automation

from tests.e2e.cluster import changes
from tests.e2e_k8s.kubectl import Kubectl
from tests.examples import project

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes
from consul_on_pulumi import ConsulCluster

config, stack = pulumi.Config(), pulumi.get_stack()
# Kubernetes' provider of Pulumi replaces a ConfigMap for another content, and cannot create two with one name.
word = kubernetes.core.v1.ConfigMap(
    "word", metadata={"name": f"word-{stack}", "namespace": "default"}, data={"word": config.require("word")}
)
name = word.metadata.name
cluster = ConsulCluster(
    "consul",
    {
        "name": stack,
        "servers": 1,
        "clients": 1,
        "agent_config": {"node_meta": {"word": word.data["word"] if config.get_bool("rolls") else name}},
        "platform": {"kubernetes": {"labels": {"word": name}, "annotations": {"word": name}}},
    },
)
pulumi.export("leader", cluster.leader_address)
"""


def test_no_pod_goes_before_its_turn_where_another_object_is_deleted_before_its_replacement(
    kubernetes: Path, tmp_path: Path
) -> None:
    kubectl = Kubectl(kubernetes)

    def uids(kind: str) -> dict[str, str]:
        items = kubectl.get(kind, "--namespace", project.STACK)["items"]
        found = [one["metadata"] for one in items]
        return {one["name"]: one["uid"] for one in found if "deletionTimestamp" not in one}

    installed = project.environment(tmp_path, str(project.PACKAGE))
    program = project.new_project(tmp_path, "words", PROGRAM)
    config, env = {"words:word": "first"}, {"KUBECONFIG": str(kubernetes)}
    with project.stack_of(program, tmp_path / "run", installed, config, **env) as stack:
        project.up(stack)
        kinds = ("pods", "statefulsets", "deployments", "services")
        before = {kind: uids(kind) for kind in kinds}

        stack.set_config("word", automation.ConfigValue("second"))
        found = changes(stack.up(color="never").summary)
        assert found == {"replace": 1, "same": found["same"]}
        assert {kind: uids(kind) for kind in kinds} == before

        stack.set_config("word", automation.ConfigValue("third"))
        stack.set_config("rolls", automation.ConfigValue("true"))
        # The ConfigMap of each tier has another name with another content.
        assert changes(stack.up(color="never").summary)["replace"] == 3
        after = {kind: uids(kind) for kind in kinds}
        assert not {*before["pods"].values()} & {*after["pods"].values()}
        assert {**after, "pods": {}} == {**before, "pods": {}}

"""Two clusters in one program, each where its provider says; the current context leads to a server that is dead."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from tests.e2e_k8s.kubectl import Kubectl
from tests.examples import project

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes
from consul_on_pulumi import ConsulCluster

config = pulumi.Config()
by_file = kubernetes.Provider("by-file", kubeconfig=config.require("file"), context="alive")
by_content = kubernetes.Provider("by-content", kubeconfig=config.require_secret("content"))
for name, provider in (("first", by_file), ("second", by_content)):
    settings = {
        "servers": 1,
        "security": {"enabled": False},
        "seeds": {"where": name},
        "server_config": {"log_level": config.get("level") or "INFO"},
        "platform": {"kubernetes": {}},
    }
    cluster = ConsulCluster(name, settings, pulumi.ResourceOptions(provider=provider))
    pulumi.export(name, cluster.leader_address)
"""


def with_contexts(kubeconfig: Path, current: str) -> str:
    """The kubeconfig with a context `alive`, and another one whose API server is dead."""
    found: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    context = next(one["context"] for one in found["contexts"] if one["name"] == found["current-context"])
    found["clusters"].append({"name": "dead", "cluster": {"server": "https://127.0.0.1:1"}})
    found["contexts"] = [
        {"name": "alive", "context": context},
        {"name": "dead", "context": {**context, "cluster": "dead"}},
    ]
    return yaml.safe_dump({**found, "current-context": current})


def test_house_row_6_everything_is_in_the_cluster_that_a_provider_names(kubernetes: Path, tmp_path: Path) -> None:
    kubectl = Kubectl(kubernetes)
    installed = project.environment(tmp_path, str(project.PACKAGE))
    dead = tmp_path / "kubeconfig"
    dead.write_text(with_contexts(kubernetes, "dead"))
    program = project.new_project(tmp_path, "shop", PROGRAM)
    config = {"shop:file": str(dead), "shop:content": with_contexts(kubernetes, "alive")}
    with project.stack_of(program, tmp_path / "run", installed, config, KUBECONFIG=str(dead)) as stack:
        outputs = project.up(stack)
        clusters = {name: f"{name}-{stack.name}" for name in ("first", "second")}

        def pods() -> dict[str, str]:
            found = {name: kubectl.get("pod", f"{one}-server-0", "--namespace", one) for name, one in clusters.items()}
            return {name: pod["metadata"]["uid"] for name, pod in found.items()}

        def stored() -> dict[str, str]:
            return {
                name: kubectl(
                    "exec", "--namespace", one, f"{one}-server-0", "--", "consul", "kv", "get", "where"
                ).strip()
                for name, one in clusters.items()
            }

        assert all(outputs[name] for name in clusters)
        assert stored() == {"first": "first", "second": "second"}
        before = pods()

        stack.set_config("level", automation.ConfigValue("WARN"))
        project.up(stack)
        after = pods()
        assert [name for name in clusters if before[name] == after[name]] == []
        assert stored() == {"first": "first", "second": "second"}

        stack.destroy()
    left = [one["metadata"]["name"] for one in kubectl.get("namespaces")["items"]]
    assert not set(clusters.values()) & set(left)

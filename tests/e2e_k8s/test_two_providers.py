"""Two clusters in one program, each where its provider says; the current context leads to a server that is dead.

Each provider may act in one namespace alone: a request that goes to the other one is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
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
    namespace = f"{name}-{pulumi.get_stack()}"
    other = kubernetes.core.v1.ConfigMap(
        f"{name}-other",
        metadata={"namespace": namespace},
        data={"where": name},
        opts=pulumi.ResourceOptions(provider=provider),
    )
    settings = {
        "servers": 1,
        "seeds": {"where": other.data["where"]},
        "server_config": {"log_level": (config.get("level") if name == "first" else None) or "INFO"},
        "platform": {"kubernetes": {"namespace": namespace}},
    }
    cluster = ConsulCluster(name, settings, pulumi.ResourceOptions(provider=provider))
    pulumi.export(name, cluster.leader_address)
"""
NAMES = ("first", "second")


def with_contexts(kubeconfig: Path, token: str, current: str) -> str:
    """The kubeconfig with a context `alive` of who has the token, and another one whose API server is dead."""
    found: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    context = next(one["context"] for one in found["contexts"] if one["name"] == found["current-context"])
    found["clusters"].append({"name": "dead", "cluster": {"server": "https://127.0.0.1:1"}})
    found["contexts"] = [
        {"name": "alive", "context": {**context, "user": "deployer"}},
        {"name": "dead", "context": {**context, "user": "deployer", "cluster": "dead"}},
    ]
    return yaml.safe_dump(
        {**found, "current-context": current, "users": [{"name": "deployer", "user": {"token": token}}]}
    )


@contextmanager
def deployer(kubectl: Kubectl, namespace: str) -> Iterator[str]:
    """The token of an account that may do everything in a new namespace, and nothing elsewhere."""
    kubectl("create", "namespace", namespace)
    try:
        kubectl("create", "serviceaccount", "deployer", "--namespace", namespace)
        account = f"--serviceaccount={namespace}:deployer"
        kubectl("create", "rolebinding", "deployer", "--clusterrole=admin", account, "--namespace", namespace)
        yield kubectl("create", "token", "deployer", "--duration=1h", "--namespace", namespace).strip()
    finally:
        kubectl("delete", "namespace", namespace, "--wait=true", "--timeout=120s")


def test_house_row_6_everything_is_in_the_cluster_that_a_provider_names(kubernetes: Path, tmp_path: Path) -> None:
    kubectl = Kubectl(kubernetes)
    installed = project.environment(tmp_path, str(project.PACKAGE))
    program = project.new_project(tmp_path, "shop", PROGRAM)
    namespaces = {name: f"{name}-{project.STACK}" for name in NAMES}
    with deployer(kubectl, namespaces["first"]) as first, deployer(kubectl, namespaces["second"]) as second:
        dead = tmp_path / "kubeconfig"
        dead.write_text(with_contexts(kubernetes, first, "dead"))
        config = {"shop:file": str(dead), "shop:content": with_contexts(kubernetes, second, "alive")}
        with project.stack_of(program, tmp_path / "run", installed, config, KUBECONFIG=str(dead)) as stack:
            outputs = project.up(stack)
            before = pods(kubectl, namespaces)
            assert all(outputs[name] for name in NAMES)
            assert stored(kubectl, namespaces) == {"first": "first", "second": "second"}

            stack.set_config("level", automation.ConfigValue("WARN"))
            shown = project.review(stack)
            assert f"{namespaces['first']}-server-0" in shown
            assert "second" not in shown
            project.up(stack)
            after = pods(kubectl, namespaces)
            assert [name for name in NAMES if before[name] != after[name]] == ["first"]
            assert stored(kubectl, namespaces) == {"first": "first", "second": "second"}

            stack.destroy()
        for namespace in namespaces.values():
            assert kubectl.get("statefulsets,pods,persistentvolumeclaims", "--namespace", namespace)["items"] == []


def pods(kubectl: Kubectl, namespaces: dict[str, str]) -> dict[str, str]:
    """The UID of the only server of each cluster."""
    found = {name: kubectl.get("pod", f"{one}-server-0", "--namespace", one) for name, one in namespaces.items()}
    return {name: pod["metadata"]["uid"] for name, pod in found.items()}


def stored(kubectl: Kubectl, namespaces: dict[str, str]) -> dict[str, str]:
    """The seeded key of each cluster."""
    command = ("--", "consul", "kv", "get", "where")
    return {
        name: kubectl("exec", "--namespace", one, f"{one}-server-0", *command).strip()
        for name, one in namespaces.items()
    }

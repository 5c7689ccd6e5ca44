"""What a state holds, how it comes to hold it, and what happens when the API server is away."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.kubernetes_plugin.e2e.stack import Program, Stack

pytestmark = pytest.mark.e2e
PASSWORD = "hunter2-is-not-to-be-seen"
CODED = "aHVudGVyMi1pcy1ub3QtdG8tYmUtc2Vlbg=="


def config_map(name: str, *, opts: Any = None, namespace: str | None = None, **data: Any) -> Program:
    def program() -> None:
        metadata: Any = {"name": name} | ({"namespace": namespace} if namespace else {})
        k8s.core.v1.ConfigMap("it", metadata=metadata, data=data, opts=opts)

    return program


def test_secrets_are_nowhere_in_clear(stack: Stack, kubectl: Kubectl) -> None:
    def program() -> None:
        password = pulumi.Output.secret(PASSWORD)
        plain = k8s.core.v1.Secret("plain", metadata={"name": "plain"}, string_data={"p": PASSWORD})
        k8s.core.v1.ConfigMap("map", metadata={"name": "map"}, data={"p": password, "q": "open"})
        pulumi.export("data", plain.data)

    stack.preview(program, diff=True)
    printed = "".join(stack.log)
    stack.up(program, diff=True)
    stack.refresh()
    printed += "".join(stack.log)

    state = stack.as_stored()
    assert "open" in state
    for text in (PASSWORD, CODED):
        assert text not in state
        assert text not in printed
    assert kubectl.get("secret", "plain")["data"] == {"p": CODED}
    assert kubectl.get("configmap", "map")["data"] == {"p": PASSWORD, "q": "open"}
    assert stack.outputs["data"] == {"p": CODED}
    assert stack.preview(program) == {"same": 3}


def test_no_key_is_left_in_a_file(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    stack.set_env("TMPDIR", str(folder))
    stack.up(config_map("keys", a="1"))

    assert not [path for path in folder.rglob("*") if path.is_file() and "PRIVATE KEY" in path.read_text()]


def test_the_state_has_the_official_plugins_layout(stack: Stack) -> None:
    stack.up(config_map("layout", a="1"))
    kept = stack.state("it")

    assert kept["id"] == "default/layout"
    assert kept["inputs"] == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "layout", "namespace": "default"},
        "data": {"a": "1"},
    }
    assert kept["outputs"]["__inputs"] == kept["inputs"]
    assert kept["outputs"]["__initialApiVersion"] == "v1"
    assert kept["outputs"]["__fieldManager"].startswith("pulumi-kubernetes-")
    assert kept["outputs"]["metadata"]["uid"]


def test_what_is_there_is_not_taken_over_unasked(stack: Stack, kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "theirs", "--from-literal=a=1")
    assert stack.preview(config_map("theirs", a="2")) == {"create": 2}
    said = stack.fails(stack.up, config_map("theirs", a="2"))

    assert 'configmaps "theirs" already exists' in said
    assert "import it or set the provider's `upsertExistingObjects`" in said
    assert kubectl.get("configmap", "theirs")["data"] == {"a": "1"}
    assert stack.resources() == []

    def asked() -> None:
        provider = k8s.Provider("upsert", upsert_existing_objects=True)
        metadata: Any = {"name": "theirs", "annotations": {"pulumi.com/patchForce": "true"}}
        opts = pulumi.ResourceOptions(provider=provider)
        k8s.core.v1.ConfigMap("it", metadata=metadata, data={"a": "2"}, opts=opts)

    stack.up(asked)
    assert kubectl.get("configmap", "theirs")["data"] == {"a": "2"}


def test_an_object_is_imported_by_a_program(stack: Stack, kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "imported", "--from-literal=a=1")
    uid = kubectl.get("configmap", "imported")["metadata"]["uid"]
    importing = pulumi.ResourceOptions(import_="default/imported")

    nothing = config_map("no", opts=pulumi.ResourceOptions(import_="default/no"))
    assert "resource 'default/no' does not exist" in stack.fails(stack.up, nothing)
    assert stack.up(config_map("imported", opts=importing, a="1"))["import"] == 1
    assert stack.state("it")["outputs"]["metadata"]["uid"] == uid
    assert stack.up(config_map("imported", a="1")) == {"same": 2}
    labelled = lambda: k8s.core.v1.ConfigMap(  # noqa: E731
        "it", metadata={"name": "imported", "labels": {"b": "2"}}, data={"a": "1"}
    )
    assert stack.up(labelled) == {"update": 1, "same": 1}
    assert kubectl.get("configmap", "imported")["metadata"]["labels"] == {"b": "2"}


def test_an_object_is_imported_by_the_command(stack: Stack, kubectl: Kubectl, tmp_path: Path) -> None:
    kubectl("create", "serviceaccount", "by-command")
    (tmp_path / "Pulumi.yaml").write_text("name: plugin\nruntime: python\n")
    command = ["pulumi", "import", "--stack", "dev", "--yes", "--generate-code=false", "--protect=false"]
    done = subprocess.run(
        [*command, "kubernetes:core/v1:ServiceAccount", "it", "default/by-command"],
        cwd=tmp_path,
        env=os.environ | stack.env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    kept = stack.state("it")
    assert kept["inputs"]["metadata"] == {"name": "by-command", "namespace": "default"}
    assert stack.up(lambda: k8s.core.v1.ServiceAccount("it", metadata={"name": "by-command"}))["same"] == 2


def test_an_object_can_be_read(stack: Stack) -> None:
    def program() -> None:
        found = k8s.core.v1.Service.get("api", "default/kubernetes")
        pulumi.export("port", found.spec.ports[0].port)

    stack.up(program)
    assert stack.outputs["port"] == 443
    said = stack.fails(stack.up, lambda: k8s.core.v1.Service.get("none", "default/none"))
    assert "resource 'default/none' does not exist" in said


def test_a_provider_of_its_own_has_cluster_and_namespace(stack: Stack, kubeconfig: Path, kubectl: Kubectl) -> None:
    def program(namespace: str) -> Program:
        def run() -> None:
            space = k8s.core.v1.Namespace("space", metadata={"name": namespace})
            contents = pulumi.Output.secret(kubeconfig.read_text())
            provider = k8s.Provider("own", kubeconfig=contents, namespace=space.metadata.name)
            k8s.core.v1.ConfigMap("it", data={"a": "1"}, opts=pulumi.ResourceOptions(provider=provider))
            pulumi.export("server", provider.kubeconfig)

        return run

    stack.preview(program("own-space"))
    stack.up(program("own-space"))
    assert stack.state("it")["id"].startswith("own-space/it-")
    assert stack.up(program("own-space")) == {"same": 4}
    (name,) = [one["id"].removeprefix("own-space/") for one in stack.resources() if "/" in one["id"]]
    assert kubectl.get("configmap", "-n", "own-space", name)["data"] == {"a": "1"}


@pytest.mark.parametrize(
    ("kind", "name", "parts", "reason"),
    [
        (k8s.core.v1.Service, "broken", {"spec": {"ports": [{"port": 0}]}}, "spec.ports[0].port: Invalid value: 0"),
        (k8s.core.v1.ConfigMap, "Broken_Name", {}, 'metadata.name: Invalid value: "Broken_Name"'),
    ],
    ids=["a part", "the name"],
)
def test_what_the_api_server_would_refuse_is_refused_in_the_preview(
    stack: Stack, kind: Any, name: str, parts: dict[str, Any], reason: str
) -> None:
    # One at a time: after the first refusal the engine may leave the second unsaid.
    said = stack.fails(stack.preview, lambda: kind(name, metadata={"name": name}, **parts))

    assert f"v1/{kind.__name__} default/{name} would not be created" in said
    assert reason in said


def test_a_preview_does_without_namespaces_and_definitions_that_are_still_to_come(stack: Stack) -> None:
    def program() -> None:
        k8s.core.v1.Namespace("later", metadata={"name": "later"})
        k8s.core.v1.ConfigMap("map", metadata={"namespace": "later"})
        k8s.apiextensions.CustomResource("widget", api_version="later.example.com/v1", kind="Widget")

    assert stack.preview(program) == {"create": 4}


def test_without_an_api_server_previews_go_on_and_nothing_is_lost(stack: Stack, tmp_path: Path) -> None:
    stack.up(config_map("kept", a="1"))
    reachable = stack.env["KUBECONFIG"]
    away = json.loads(Path(reachable).read_text())
    away["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "away").write_text(json.dumps(away))
    stack.set_env("KUBECONFIG", str(tmp_path / "away"))

    assert stack.preview(config_map("kept", a="1")) == {"same": 2}
    assert stack.preview(config_map("kept", a="2")) == {"replace": 1, "same": 1}
    assert "configured Kubernetes cluster is unreachable" in stack.fails(stack.up, config_map("kept", a="2"))
    assert "unreachable cluster" in stack.fails(stack.refresh)
    assert "PULUMI_K8S_DELETE_UNREACHABLE" in stack.fails(stack.destroy)
    assert stack.state("it")["id"] == "default/kept"

    stack.set_env("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    stack.destroy()
    assert stack.resources() == []

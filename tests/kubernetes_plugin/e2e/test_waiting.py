"""Waiting until objects are ready or gone, and what is kept when that fails."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from tests.e2e.waiting import eventually
from tests.e2e_k8s.kubectl import Kubectl
from tests.kubernetes_plugin.e2e.kubelet import Kubelet
from tests.kubernetes_plugin.e2e.programs import LABELS, pod_spec, stateful_set, template
from tests.kubernetes_plugin.e2e.stack import Stack

pytestmark = pytest.mark.e2e
SOON = {"pulumi.com/timeoutSeconds": "3"}


def test_a_stateful_set_that_does_not_become_ready_is_kept_and_finished_by_the_next_up(
    stack: Stack, kubelet: Kubelet
) -> None:
    def program(behaviour: str) -> Callable[[], None]:
        # In order, a broken Pod would not be replaced by one of a new revision: kubernetes/kubernetes#67250.
        return lambda: stateful_set(behaviour=behaviour, annotations=SOON, podManagementPolicy="Parallel") and None

    said = stack.fails(stack.up, program("no-image"))
    assert "timed out after 3 s: 0 out of 1 replicas succeeded readiness checks" in said
    assert "ImagePullBackOff: Back-off pulling image" in said
    kept = stack.state("set")
    assert "ImagePullBackOff" in " ".join(kept["initErrors"])

    stack.refresh()
    assert stack.state("set")["initErrors"][0] == "0 out of 1 replicas succeeded readiness checks"

    assert stack.up(program("ready")) == {"update": 1, "same": 1}
    assert "initErrors" not in stack.state("set")
    assert stack.state("set")["outputs"]["metadata"]["uid"] == kept["outputs"]["metadata"]["uid"]


def test_an_update_that_does_not_become_ready_keeps_what_was_applied(stack: Stack, kubelet: Kubelet) -> None:
    def web(image: str, behaviour: str) -> Callable[[], None]:
        spec: Any = {"selector": {"matchLabels": LABELS}, "template": template(behaviour, image=image)}
        timeouts = pulumi.CustomTimeouts(update="3s")

        def program() -> None:
            k8s.apps.v1.Deployment("web", spec=spec, opts=pulumi.ResourceOptions(custom_timeouts=timeouts))

        return program

    stack.up(web("i:1", "ready"))
    said = stack.fails(stack.up, web("i:2", "no-image"))

    assert "timed out after 3 s" in said
    assert "ImagePullBackOff" in said
    kept = stack.state("web")
    assert kept["initErrors"]
    assert kept["outputs"]["spec"]["template"]["spec"]["containers"][0]["image"] == "i:2"
    assert stack.up(web("i:3", "ready")) == {"update": 1, "same": 1}
    assert "initErrors" not in stack.state("web")


def test_nobody_waits_for_what_says_so(stack: Stack) -> None:
    started = time.monotonic()
    stack.up(lambda: stateful_set(behaviour=None, annotations={"pulumi.com/skipAwait": "true"}))

    assert time.monotonic() - started < 30
    assert "initErrors" not in stack.state("set")
    stack.refresh()
    assert "initErrors" not in stack.state("set")


def test_a_service_waits_for_endpoints_and_a_headless_one_does_not(stack: Stack, kubectl: Kubectl) -> None:
    def program() -> None:
        ports, selector = [{"port": 80}], {"app": "endpoints"}
        k8s.core.v1.Service("headless", spec={"clusterIP": "None", "selector": selector, "ports": ports})
        k8s.core.v1.Service("fed", spec={"ports": ports})
        k8s.core.v1.Service("alias", spec={"type": "ExternalName", "externalName": "example.com"})
        metadata = {"name": "web", "annotations": SOON}
        k8s.core.v1.Service("web", metadata=metadata, spec={"selector": selector, "ports": ports})

    said = stack.fails(stack.up, program)
    assert "Service does not target any ready Pods" in said
    assert [one["urn"].rpartition("::")[2] for one in stack.resources() if one.get("initErrors")] == ["web"]

    kubectl.apply(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "web", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.9.0.1"], "conditions": {"ready": True}}],
        }
    )
    stack.up(program)
    assert "initErrors" not in stack.state("web")
    assert stack.refresh() == {"same": 5}


def test_a_failed_job_is_known_at_once(stack: Stack, kubelet: Kubelet) -> None:
    def program() -> None:
        spec = pod_spec() | {"restartPolicy": "Never"}
        k8s.batch.v1.Job(
            "job", spec={"backoffLimit": 0, "template": {"metadata": template("fail")["metadata"], "spec": spec}}
        )

    started = time.monotonic()
    said = stack.fails(stack.up, program)

    assert "Job failed: BackoffLimitExceeded" in said
    assert time.monotonic() - started < 60


def test_conditions_of_the_users_own_are_waited_for(stack: Stack, kubectl: Kubectl) -> None:
    def program() -> None:
        wait = {"pulumi.com/waitFor": "jsonpath={.metadata.labels.go}=on", "pulumi.com/timeoutSeconds": "30"}
        k8s.core.v1.ConfigMap("waits", metadata={"name": "waits", "annotations": wait})

    def let_go() -> None:
        eventually("the object", lambda: kubectl("get", "configmaps"), lambda text: "waits" in text, 60)
        kubectl("label", "configmap", "waits", "go=on")

    with ThreadPoolExecutor() as beside:
        done = beside.submit(let_go)
        stack.up(program)
        done.result()
    assert kubectl.get("configmap", "waits")["metadata"]["labels"] == {"go": "on"}


def test_a_deletion_is_waited_for_and_says_what_holds_it(stack: Stack, kubectl: Kubectl) -> None:
    def program() -> None:
        timeouts = pulumi.CustomTimeouts(delete="2s")
        metadata = {"name": "held", "finalizers": ["example.com/held"]}
        k8s.core.v1.ConfigMap("held", metadata=metadata, opts=pulumi.ResourceOptions(custom_timeouts=timeouts))

    stack.up(program)
    said = stack.fails(stack.destroy)

    assert "timed out after 2 s waiting for the deletion of v1/ConfigMap held" in said
    assert "finalizers might be preventing deletion: example.com/held" in said
    assert stack.state("held")
    kubectl("patch", "configmap", "held", "--type=json", '-p=[{"op": "remove", "path": "/metadata/finalizers"}]')
    stack.destroy()
    assert stack.resources() == []


def test_ctrl_c_ends_the_wait_and_keeps_the_state(stack: Stack, kubectl: Kubectl, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: plugin\nruntime: python\n")
    (project / "__main__.py").write_text(
        "from tests.kubernetes_plugin.e2e.programs import stateful_set\nstateful_set('slow', behaviour=None)\n"
    )
    env = os.environ | stack.env | {"PYTHONPATH": str(Path(__file__).parents[3])}
    up = subprocess.Popen(
        ["pulumi", "up", "--stack", "dev", "--yes", "--skip-preview"],
        cwd=project,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    eventually("the set", lambda: kubectl("get", "statefulsets"), lambda text: "slow-" in text, 60)
    time.sleep(1)
    started = time.monotonic()
    up.send_signal(signal.SIGINT)
    said, _ = up.communicate(timeout=60)

    assert time.monotonic() - started < 20
    assert "cancelled while waiting: 0 out of 1 replicas" in said
    assert stack.state("slow")["initErrors"]
    stack.destroy()
    assert "slow-" not in kubectl("get", "statefulsets")

"""The same on nodes: what real kubelets, schedulers and provisioners say."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi_kubernetes as k8s
import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.kubernetes_plugin.e2e.stack import Stack, stack_in
from toolchain import versions

pytestmark = pytest.mark.e2e
IDLE = ["/bin/sh", "-c", "trap exit TERM; while true; do sleep 1; done"]
SOON = {"pulumi.com/timeoutSeconds": "15"}


@pytest.fixture
def stack(tmp_path: Path, kubernetes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("KUBECONFIG", str(kubernetes))
    with stack_in(tmp_path, "dev", {"KUBECONFIG": str(kubernetes)}) as made:
        yield made
        made.destroy()


@pytest.fixture
def on_nodes(kubernetes: Path) -> Kubectl:
    return Kubectl(kubernetes)


def pods(app: str, command: list[str], *, pod: Any = None, **container: Any) -> dict[str, Any]:
    main = {"name": "main", "image": versions.CONSUL_IMAGE, "imagePullPolicy": "IfNotPresent", "command": command}
    spec = {"containers": [main | container], "terminationGracePeriodSeconds": 1}
    return {"metadata": {"labels": {"app": app}}, "spec": spec | (pod or {})}


def selected(app: str) -> dict[str, Any]:
    return {"matchLabels": {"app": app}}


def servers(space: k8s.core.v1.Namespace, mark: str) -> None:
    """A StatefulSet with volumes, its two Services and what its Pods are ready for."""
    here: Any = {"namespace": space.metadata.name}
    ports = [{"port": 80}]
    k8s.core.v1.Service(
        "peers", metadata=here | {"name": "peers"}, spec={"clusterIP": "None", "selector": {"app": "s"}, "ports": ports}
    )
    k8s.core.v1.Service("web", metadata=here | {"name": "web"}, spec={"selector": {"app": "s"}, "ports": ports})
    template = pods(
        "s",
        IDLE,
        env=[{"name": "MARK", "value": mark}],
        readinessProbe={"exec": {"command": ["/bin/sh", "-c", "test -d /data"]}, "initialDelaySeconds": 2},
        volumeMounts=[{"name": "data", "mountPath": "/data"}],
    )
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    k8s.apps.v1.StatefulSet(
        "set",
        metadata=here | {"name": "set"},
        spec={
            "replicas": 2,
            "serviceName": "peers",
            "selector": selected("s"),
            "template": template,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
        },
    )


def test_a_stateful_set_with_volumes_is_ready_when_up_says_so(stack: Stack, on_nodes: Kubectl) -> None:
    def program(mark: str) -> Callable[[], None]:
        return lambda: servers(k8s.core.v1.Namespace("space"), mark)

    def seen() -> tuple[set[str], set[bool]]:
        found = on_nodes.get("pods", "-n", space, "-l", "app=s")["items"]
        marks = {one["spec"]["containers"][0]["env"][0]["value"] for one in found}
        return marks, {status["ready"] for one in found for status in one["status"]["containerStatuses"]}

    stack.up(program("1"))
    space = stack.state("space")["id"]
    assert seen() == ({"1"}, {True})
    assert {one["status"]["phase"] for one in on_nodes.get("pvc", "-n", space)["items"]} == {"Bound"}
    assert stack.up(program("1"))["same"] == 5
    assert stack.refresh()["same"] == 5
    assert not any(one.get("initErrors") for one in stack.resources())

    assert stack.up(program("2"))["update"] == 1
    assert seen() == ({"2"}, {True})
    stack.destroy()
    assert space not in on_nodes("get", "namespaces")


def test_what_keeps_pods_from_running_is_told(stack: Stack) -> None:
    def program() -> None:
        here: Any = {"namespace": k8s.core.v1.Namespace("space").metadata.name, "annotations": SOON}
        for name, template in {
            "imageless": pods("i", IDLE, image="none.example/none:1", imagePullPolicy="Never"),
            "crashing": pods("c", ["/bin/sh", "-c", "echo bad flag > /dev/termination-log; exit 3"]),
            "homeless": pods("h", IDLE, pod={"nodeSelector": {"none": "such"}}),
            "unready": pods("u", IDLE, readinessProbe={"exec": {"command": ["/bin/false"]}}),
        }.items():
            spec = {"selector": selected(template["metadata"]["labels"]["app"]), "template": template}
            k8s.apps.v1.Deployment(name, metadata=here, spec=spec)
        job = pods("j", ["/bin/sh", "-c", "exit 4"], pod={"restartPolicy": "Never"})
        k8s.batch.v1.Job("failing", metadata=here, spec={"backoffLimit": 0, "template": job})

    stack.fails(stack.up, program)
    reasons = {one["urn"].rpartition("::")[2]: " ".join(one.get("initErrors", [])) for one in stack.resources()}
    assert "ErrImageNeverPull" in reasons["imageless"]
    assert "terminated with exit code 3 (Error): bad flag" in reasons["crashing"]
    assert "Unschedulable" in reasons["homeless"]
    assert "node(s) didn't match Pod's node affinity/selector" in reasons["homeless"]
    assert "containers with unready status: [main]" in reasons["unready"]
    assert "Readiness probe failed" in reasons["unready"]
    assert "Job failed: BackoffLimitExceeded" in reasons["failing"]
    assert "exit code 4" in reasons["failing"]


def test_daemons_jobs_claims_and_lone_pods(stack: Stack, on_nodes: Kubectl) -> None:
    def program() -> None:
        here: Any = {"namespace": k8s.core.v1.Namespace("space").metadata.name}
        daemons = pods("d", IDLE, pod={"tolerations": [{"operator": "Exists"}]})
        k8s.apps.v1.DaemonSet("daemons", metadata=here, spec={"selector": selected("d"), "template": daemons})
        job = pods("j", ["/bin/true"], pod={"restartPolicy": "Never"})
        k8s.batch.v1.Job("job", metadata=here, spec={"completions": 2, "parallelism": 2, "template": job})
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
        k8s.core.v1.PersistentVolumeClaim("claim", metadata=here, spec=claim)
        k8s.core.v1.Pod("pod", metadata=here, spec=pods("p", IDLE)["spec"])

    stack.up(program)
    outputs = {name: stack.state(name)["outputs"]["status"] for name in ("daemons", "job", "claim", "pod")}
    assert outputs["daemons"]["numberReady"] == outputs["daemons"]["desiredNumberScheduled"] >= 3
    assert outputs["job"]["succeeded"] == 2
    assert outputs["claim"]["phase"] == "Pending"
    assert outputs["pod"]["phase"] == "Running"
    assert stack.up(program) == {"same": 6}
    assert stack.refresh() == {"same": 6}

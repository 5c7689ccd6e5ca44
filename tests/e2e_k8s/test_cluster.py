"""A cluster on this machine behaves like any Kubernetes cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.waiting import eventually
from tests.e2e_k8s.kubectl import Kubectl
from tools import versions

pytestmark = pytest.mark.e2e

SPACE = "machine"
LABELS = {"app": "keeper"}
# Required in a restricted namespace.
POD_SECURITY = {"runAsUser": 100, "runAsGroup": 1000, "fsGroup": 1000, "runAsNonRoot": True}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def kubectl(kubernetes: Path) -> Iterator[Kubectl]:
    """A StatefulSet of three with claims, each on a node of its own, in a restricted namespace."""
    found = Kubectl(kubernetes)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE, "labels": labels}}
    found.apply(namespace)
    found.apply(service("keepers", clusterIP="None", publishNotReadyAddresses=True), service("front"), keepers())
    found(f"--namespace={SPACE}", "rollout", "status", "statefulset/keeper", "--timeout=120s")
    found.command.append(f"--namespace={SPACE}")
    yield found
    found("delete", "namespace", SPACE, "--timeout=60s")


def service(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SPACE}
    ports = [{"port": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": LABELS, "ports": ports, **spec},
    }


def keepers() -> dict[str, Any]:
    started = "hostname > /keep/name; date +%N >> /keep/starts; exec httpd -f -p 8080 -h /keep"
    container = {
        "name": "keeper",
        "image": versions.CONSUL_IMAGE,
        "command": ["sh", "-c", started],
        "volumeMounts": [{"name": "keep", "mountPath": "/keep"}],
        "readinessProbe": {"httpGet": {"port": 8080, "path": "/name"}, "periodSeconds": 1},
        "securityContext": CONTAINER_SECURITY,
    }
    apart = {"labelSelector": {"matchLabels": LABELS}, "topologyKey": "kubernetes.io/hostname"}
    pod = {
        "securityContext": POD_SECURITY,
        "terminationGracePeriodSeconds": 1,
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "containers": [container],
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "keeper", "namespace": SPACE},
        "spec": {
            "serviceName": "keepers",
            "replicas": 3,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
            "volumeClaimTemplates": [{"metadata": {"name": "keep"}, "spec": claim}],
        },
    }


def inside(kubectl: Kubectl, script: str, pod: str = "keeper-0") -> str:
    return kubectl("exec", pod, "--", "sh", "-c", script)


def test_pod_anti_affinity_spreads_pods_over_nodes(kubectl: Kubectl) -> None:
    assert len({pod["spec"]["nodeName"] for pod in kubectl.get("pods")["items"]}) == 3


def test_pods_reach_each_other_by_dns_name_on_every_node(kubectl: Kubectl) -> None:
    for other in ("keeper-1", "keeper-2"):
        name = f"{other}.keepers.{SPACE}.svc.cluster.local"
        address = kubectl.get("pod", other)["status"]["podIP"]
        assert address in inside(kubectl, f"nslookup {name}")
        assert inside(kubectl, f"wget -qO- http://{name}:8080/name") == f"{other}\n"


def test_a_service_balances_over_all_its_pods(kubectl: Kubectl) -> None:
    def answering() -> set[str]:
        return set(inside(kubectl, "for one in $(seq 30); do wget -qO- http://front:8080/name; done").split())

    # kube-proxy on a node learns of a ready pod a moment after the pod is ready.
    eventually("an answer of each pod", answering, {"keeper-0", "keeper-1", "keeper-2"}.__eq__)


def test_a_pod_reaches_the_api_server_through_its_service(kubectl: Kubectl) -> None:
    asked = inside(kubectl, "wget -qO- --no-check-certificate https://kubernetes.default.svc/version")

    assert '"gitVersion"' in asked


def test_the_proxy_of_the_api_server_reaches_a_pod(kubectl: Kubectl) -> None:
    path = f"/api/v1/namespaces/{SPACE}/pods/keeper-1:8080/proxy/name"

    assert kubectl("get", "--raw", path) == "keeper-1\n"


def test_data_stays_after_its_pod_and_belongs_to_the_group_of_the_pod(kubectl: Kubectl) -> None:
    before = inside(kubectl, "cat /keep/starts")
    kubectl("delete", "pod", "keeper-0", "--wait")
    kubectl("rollout", "status", "statefulset/keeper", "--timeout=60s")

    after = eventually("the pod", lambda: inside(kubectl, "cat /keep/starts"), lambda text: text != before)
    assert after.startswith(before)
    assert inside(kubectl, "stat -c %g /keep").strip() == "1000"


def test_a_claim_grows_and_never_shrinks(kubectl: Kubectl) -> None:
    size = '{{"spec": {{"resources": {{"requests": {{"storage": "{}"}}}}}}}}'
    kubectl("patch", "pvc", "keep-keeper-0", "--patch", size.format("2Gi"))

    def capacity() -> Any:
        return kubectl.get("pvc", "keep-keeper-0")["status"]["capacity"]["storage"]

    eventually("the claim", capacity, lambda found: found == "2Gi")
    volume = kubectl.get("pv", kubectl.get("pvc", "keep-keeper-0")["spec"]["volumeName"])
    assert volume["spec"]["capacity"]["storage"] == "2Gi"
    with pytest.raises(AssertionError, match="less than status"):
        kubectl("patch", "pvc", "keep-keeper-0", "--patch", size.format("1Gi"))


def test_a_restricted_namespace_refuses_a_pod_without_a_security_context(kubectl: Kubectl) -> None:
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        kubectl("run", "lax", f"--image={versions.CONSUL_IMAGE}")


def test_a_node_can_be_drained_and_uncordoned(kubectl: Kubectl) -> None:
    node = kubectl.get("pod", "keeper-2")["spec"]["nodeName"]
    try:
        kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")

        # Its volume is on that node, so no other node can run it.
        eventually(
            "the pod", lambda: kubectl.get("pod", "keeper-2")["status"]["phase"], lambda phase: phase == "Pending"
        )
    finally:
        kubectl("uncordon", node)
    kubectl("rollout", "status", "statefulset/keeper", "--timeout=60s")
    assert kubectl.get("pod", "keeper-2")["spec"]["nodeName"] == node

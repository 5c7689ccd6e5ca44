"""Every kind that a program of this sort uses: made, unchanged, refreshed, taken away."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.kubernetes_plugin.e2e.kubelet import Kubelet
from tests.kubernetes_plugin.e2e.programs import LABELS, pod_spec, stateful_set, template
from tests.kubernetes_plugin.e2e.stack import Stack

pytestmark = pytest.mark.e2e
SKIP = {"annotations": {"pulumi.com/skipAwait": "true"}}


def everything() -> None:
    """One of each, most of them with names that the plugin gives."""
    namespace = k8s.core.v1.Namespace("space")
    here: Any = {"namespace": namespace.metadata.name}
    selector = {"matchLabels": LABELS}
    k8s.core.v1.ConfigMap("config-map", metadata=here, data={"a": "1"})
    k8s.core.v1.Secret("secret", metadata=here, string_data={"a": "1"})
    account = k8s.core.v1.ServiceAccount("account", metadata=here)
    k8s.core.v1.Service("service", metadata=here, spec={"clusterIP": "None", "ports": [{"port": 80}]})
    stateful_set("stateful-set", volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": claim()}])
    k8s.apps.v1.Deployment("deployment", metadata=here, spec={"selector": selector, "template": template("ready")})
    k8s.apps.v1.DaemonSet("daemon-set", metadata=here, spec={"selector": selector, "template": template()})
    k8s.policy.v1.PodDisruptionBudget("budget", metadata=here, spec={"maxUnavailable": 1, "selector": selector})
    policy = {"podSelector": {}, "policyTypes": ["Ingress"]}
    k8s.networking.v1.NetworkPolicy("policy", metadata=here, spec=policy)
    backend = {"service": {"name": "x", "port": {"number": 80}}}
    k8s.networking.v1.Ingress("ingress", metadata=here | SKIP, spec={"defaultBackend": backend})
    role = k8s.rbac.v1.Role("role", metadata=here, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])
    k8s.rbac.v1.RoleBinding(
        "binding",
        metadata=here,
        role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
        subjects=[{"kind": "ServiceAccount", "name": account.metadata.name, "namespace": namespace.metadata.name}],
    )
    k8s.core.v1.PersistentVolumeClaim("claim", metadata=here | SKIP, spec=claim())
    k8s.scheduling.v1.PriorityClass("priority", value=10)
    k8s.storage.v1.StorageClass("storage", provisioner="example.com/none")
    k8s.core.v1.Pod("pod", metadata=here | SKIP, spec=pod_spec(tty=False, resources={"limits": {"cpu": "0.5"}}))
    job = {"template": {"metadata": template("succeed")["metadata"], "spec": pod_spec() | {"restartPolicy": "Never"}}}
    k8s.batch.v1.Job("job", metadata=here, spec=job)
    definition = k8s.apiextensions.v1.CustomResourceDefinition(
        "definition", metadata={"name": "widgets.example.com"}, spec=widget()
    )
    k8s.apiextensions.CustomResource(
        "widget",
        api_version="example.com/v1",
        kind="Widget",
        metadata=here,
        spec={"size": 3},
        opts=pulumi.ResourceOptions(depends_on=definition),
    )


def claim() -> dict[str, Any]:
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}


def widget() -> dict[str, Any]:
    schema = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    return {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]}


def test_every_kind_is_made_stays_and_goes(stack: Stack, kubectl: Kubectl, kubelet: Kubelet) -> None:
    number = 20
    assert stack.preview(everything) == {"create": number + 1}
    assert stack.up(everything) == {"create": number + 1}

    ids = {one["urn"].rpartition("::")[2]: one["id"] for one in stack.resources()}
    assert len(ids) == number
    space = ids["space"]
    assert ids["config-map"].startswith(f"{space}/config-map-")
    assert ids["stateful-set"].startswith("default/stateful-set-")
    assert "/" not in ids["priority"] + ids["storage"] + ids["definition"]
    assert kubectl.get("widgets", "-n", space)["items"][0]["spec"] == {"size": 3}
    assert kubectl.get("job", "-n", space)["items"][0]["status"]["succeeded"] == 1

    assert stack.up(everything) == {"same": number + 1}, stack.steps
    assert stack.refresh() == {"same": number + 1}, stack.log
    assert stack.preview(everything) == {"same": number + 1}, stack.log

    stack.destroy()
    assert stack.resources() == []
    assert space not in kubectl("get", "namespaces")
    assert ids["stateful-set"].removeprefix("default/") not in kubectl("get", "statefulsets")
    assert "widgets.example.com" not in kubectl("get", "crds")


@pytest.mark.parametrize(
    "program",
    [
        lambda: k8s.helm.v3.Release("a", chart="nginx"),
        lambda: k8s.helm.v4.Chart("a", chart="nginx"),
        lambda: k8s.yaml.v2.ConfigGroup("a", yaml="{}"),
        lambda: k8s.yaml.ConfigGroup("a", yaml="kind: x"),
        lambda: k8s.kustomize.v2.Directory("a", directory="."),
        lambda: k8s.core.v1.ConfigMapPatch("a", metadata={"name": "a"}),
    ],
    ids=["release", "chart", "yaml-v2", "yaml", "kustomize", "patch"],
)
def test_what_is_no_single_object_is_refused(stack: Stack, program: Any) -> None:
    assert "the official Kubernetes plugin" in stack.fails(stack.preview, program)

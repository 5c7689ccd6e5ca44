"""Changes in the program and changes by others."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.kubernetes_plugin.e2e.kubelet import Kubelet
from tests.kubernetes_plugin.e2e.programs import LABELS, stateful_set, template
from tests.kubernetes_plugin.e2e.stack import Program, Stack

pytestmark = pytest.mark.e2e


def settings(name: str | None = None, *, opts: Any = None, **data: str) -> Program:
    def program() -> None:
        metadata: Any = {"name": name} if name else {}
        k8s.core.v1.ConfigMap("settings", metadata=metadata, data=data, opts=opts)

    return program


def account(*, opts: Any = None, labels: Any = None, annotations: Any = None, **more: Any) -> Program:
    """An object whose fields all change in place."""

    def program() -> None:
        metadata: Any = {"labels": labels or {}, "annotations": annotations or {}}
        k8s.core.v1.ServiceAccount("account", metadata=metadata, opts=opts, **more)

    return program


def test_fields_change_in_place_and_dropped_ones_go(stack: Stack, kubectl: Kubectl) -> None:
    stack.up(account(labels={"a": "1", "b": "1"}, automount_service_account_token=False))
    name = stack.state("account")["outputs"]["metadata"]["name"]
    uid = stack.state("account")["outputs"]["metadata"]["uid"]
    changed = account(labels={"a": "2"}, automount_service_account_token=False)

    assert stack.preview(changed, diff=True) == {"update": 1, "same": 1}
    text = "".join(stack.log)
    assert '~ a: "1" => "2"' in text
    assert '- b: "1"' in text
    assert stack.up(changed) == {"update": 1, "same": 1}

    live = kubectl.get("serviceaccount", name)
    assert live["metadata"]["labels"] == {"a": "2"}
    assert live["metadata"]["uid"] == uid
    assert live["automountServiceAccountToken"] is False
    managers = {(one["manager"], one["operation"]) for one in live["metadata"].get("managedFields", [])}
    assert managers <= {(stack.state("account")["outputs"]["__fieldManager"], "Apply")}

    assert stack.up(account(labels={"a": "2"})) == {"update": 1, "same": 1}
    assert "automountServiceAccountToken" not in kubectl.get("serviceaccount", name)
    assert stack.up(account(labels={"a": "2"})) == {"same": 2}


def test_content_replaces_the_new_object_first_under_another_name(stack: Stack, kubectl: Kubectl) -> None:
    stack.up(settings(a="1"))
    first = stack.state("settings")["id"]
    assert stack.up(settings(a="2")) == {"replace": 1, "same": 1}

    assert [op for op, _ in stack.changed()] == ["create-replacement", "replace", "delete-replaced"]
    second = stack.state("settings")["id"]
    assert second != first
    assert second.startswith("default/settings-")
    names = kubectl("get", "configmaps", "-o", "name")
    assert second.removeprefix("default/") in names
    assert first.removeprefix("default/") not in names


def test_content_replaces_the_old_object_first_under_a_name_of_the_users_own(stack: Stack, kubectl: Kubectl) -> None:
    stack.up(settings("mine", a="1"))
    uid = stack.state("settings")["outputs"]["metadata"]["uid"]
    assert stack.preview(settings("mine", a="2")) == {"replace": 1, "same": 1}
    assert stack.up(settings("mine", a="2")) == {"replace": 1, "same": 1}

    assert [op for op, _ in stack.changed()] == ["delete-replaced", "replace", "create-replacement"]
    live = kubectl.get("configmap", "mine")
    assert live["data"] == {"a": "2"}
    assert live["metadata"]["uid"] != uid


def test_content_may_be_made_mutable(stack: Stack, kubectl: Kubectl) -> None:
    def program(value: str) -> Program:
        def run() -> None:
            provider = k8s.Provider("mutable", enable_config_map_mutable=True)
            settings("mutable", a=value, opts=pulumi.ResourceOptions(provider=provider))()

        return run

    stack.up(program("1"))
    assert stack.up(program("2"))["update"] == 1
    assert kubectl.get("configmap", "mutable")["data"] == {"a": "2"}


def test_a_stateful_set_is_replaced_by_what_it_can_not_change(stack: Stack, kubectl: Kubectl, kubelet: Kubelet) -> None:
    stack.up(lambda: stateful_set(serviceName="one"))
    name = stack.state("set")["id"].removeprefix("default/")
    assert stack.up(lambda: stateful_set(serviceName="one", replicas=2)) == {"update": 1, "same": 1}
    assert stack.state("set")["outputs"]["status"]["readyReplicas"] == 2
    preview = stack.preview(lambda: stateful_set(serviceName="two", replicas=2), diff=True)

    assert preview == {"replace": 1, "same": 1}
    assert '~ serviceName: "one" => "two"' in "".join(stack.log)
    stack.up(lambda: stateful_set(serviceName="two", replicas=2))
    there = [one["metadata"]["name"] for one in kubectl.get("statefulsets")["items"]]
    assert stack.state("set")["id"].removeprefix("default/") in there
    assert name not in there


def test_drift_is_seen_by_a_refresh_and_repaired_by_the_next_up(stack: Stack, kubectl: Kubectl) -> None:
    mine = account(labels={"a": "1"})
    stack.up(mine)
    name = stack.state("account")["id"].removeprefix("default/")
    # As the official plugin does, it takes over what kubectl's own commands wrote, and so takes away what it does not
    # name itself.
    kubectl("label", "serviceaccount", name, "a=other", "kubectls=x", "--overwrite")
    theirs = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "labels": {"theirs": "x"}}}
    kubectl("apply", "--server-side", "--field-manager=rival", "-f", "-", stdin=str(theirs))

    assert stack.preview(mine) == {"same": 2}
    assert stack.refresh() == {"update": 1, "same": 1}
    assert stack.state("account")["inputs"]["metadata"]["labels"] == {"a": "other"}
    assert stack.preview(mine) == {"update": 1, "same": 1}
    assert stack.up(mine, refresh=True)["update"] == 1
    assert kubectl.get("serviceaccount", name)["metadata"]["labels"] == {"a": "1", "theirs": "x"}


def test_what_somebody_deleted_is_made_again(stack: Stack, kubectl: Kubectl) -> None:
    stack.up(settings(a="1"))
    first = stack.state("settings")["id"].removeprefix("default/")
    kubectl("delete", "configmap", first)

    assert stack.refresh()["delete"] == 1
    assert stack.resources() == []
    assert stack.up(settings(a="1")) == {"create": 1, "same": 1}
    kubectl("delete", "configmap", stack.state("settings")["id"].removeprefix("default/"))
    stack.destroy()
    assert stack.resources() == []


def test_what_is_ignored_is_left_to_others(stack: Stack, kubectl: Kubectl) -> None:
    def program(image: str) -> Program:
        def run() -> None:
            spec: Any = {"replicas": 0, "selector": {"matchLabels": LABELS}, "template": template(image=image)}
            ignoring = pulumi.ResourceOptions(ignore_changes=["spec.replicas"])
            k8s.apps.v1.Deployment("scaled", metadata={"annotations": SKIP}, spec=spec, opts=ignoring)

        return run

    stack.up(program("i:1"))
    name = stack.state("scaled")["id"].removeprefix("default/")
    kubectl("scale", "deployment", name, "--replicas=2")

    assert stack.up(program("i:2")) == {"update": 1, "same": 1}
    live = kubectl.get("deployment", name)["spec"]
    assert (live["replicas"], live["template"]["spec"]["containers"][0]["image"]) == (2, "i:2")


SKIP = {"pulumi.com/skipAwait": "true"}


def test_a_conflict_names_the_other_manager_and_can_be_won(stack: Stack, kubectl: Kubectl) -> None:
    stack.up(account(labels={"a": "1"}))
    name = stack.state("account")["id"].removeprefix("default/")
    theirs = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "labels": {"a": "theirs"}}}
    kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=rival", "-f", "-", stdin=str(theirs))

    refused = stack.fails(stack.up, account(labels={"a": "2"}))
    assert 'conflict with "rival"' in refused
    assert ".metadata.labels.a" in refused
    assert 'conflict with "rival"' in stack.fails(stack.preview, account(labels={"a": "2"}))
    assert kubectl.get("serviceaccount", name)["metadata"]["labels"] == {"a": "theirs"}

    stack.up(account(labels={"a": "2"}, annotations={"pulumi.com/patchForce": "true"}))
    assert kubectl.get("serviceaccount", name)["metadata"]["labels"] == {"a": "2"}

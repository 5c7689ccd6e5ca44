"""Objects that somebody else created are refused in the preview and in `up`, and nothing changes or deletes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e_k8s.stack import PodCluster, stood_up

pytestmark = pytest.mark.e2e

NAME = "e2e-own"
NAMESPACE = f"consul-{NAME}"
LABEL = "consul-on-pulumi/cluster-id"
EXISTING: dict[str, Any] = {"platform": {"kubernetes": {"namespace": NAMESPACE}}}


@pytest.fixture(scope="module")
def stack(kubernetes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodCluster]:
    """A stack with one server whose namespace was created by hand, before the first update."""
    settings = {"servers": 1, "clients": 1}
    with stood_up(tmp_path_factory.mktemp("own"), NAME, kubernetes, settings) as cluster:
        cluster.kubectl("create", "namespace", NAMESPACE)
        cluster.kubectl("create", "configmap", "kept", "--namespace", NAMESPACE, "--from-literal=a=b")
        yield cluster


def objects(stack: PodCluster) -> list[Any]:
    """The namespace and everything in it that a cluster could touch."""
    kinds = "services,configmaps,statefulsets,deployments,persistentvolumeclaims,serviceaccounts,secrets"
    found = [stack.kubectl.get("namespace", NAMESPACE), *stack.kubectl.get(kinds, "--namespace", NAMESPACE)["items"]]
    # Kubernetes itself adds these two to every namespace, some time after its creation.
    return [one for one in found if one["metadata"]["name"] not in ("kube-root-ca.crt", "default")]


def service_uid(stack: PodCluster) -> str:
    uid: str = stack.kubectl.get("service", f"{NAMESPACE}-http", "--namespace", NAMESPACE)["metadata"]["uid"]
    return uid


def forget_service(stack: PodCluster) -> None:
    """Remove the Service from the state, as if the engine had been killed right after its creation."""

    def remove(resources: list[dict[str, Any]]) -> None:
        resources[:] = [one for one in resources if not one["urn"].endswith("::consul-server-http")]

    stack.rewrite(remove)


def test_a2_a_namespace_created_by_hand_is_refused_and_stays_with_its_objects(stack: PodCluster) -> None:
    before = objects(stack)

    for operation in ("preview", "up"):
        refusal = stack.refused(operation)
        assert f"found Namespace {NAMESPACE} ({LABEL}: no such label, so not created by this stack)" in refusal
        assert f"set `platform.kubernetes.namespace: {NAMESPACE}`" in refusal
    stack.destroy()

    assert objects(stack) == before


def test_a2_a_service_created_by_hand_is_refused_and_stays(stack: PodCluster) -> None:
    stack.change(**EXISTING)
    stack.kubectl("create", "service", "clusterip", f"{NAMESPACE}-http", "--tcp=80", "--namespace", NAMESPACE)
    before = objects(stack)

    for operation in ("preview", "up"):
        assert f"found Service {NAMESPACE}/{NAMESPACE}-http ({LABEL}: no such label" in stack.refused(operation)
    stack.destroy()

    assert objects(stack) == before
    stack.kubectl("delete", "service", f"{NAMESPACE}-http", "--namespace", NAMESPACE)


def test_an_existing_namespace_without_such_objects_is_used(stack: PodCluster) -> None:
    assert stack.preview().keys() == {"create"}
    stack.up()

    stack.all_vote(1)
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_b6_another_state_cannot_take_over_the_cluster(stack: PodCluster, kubernetes: Path, tmp_path: Path) -> None:
    before = stack.uids()
    # Its end would delete the namespace, so only the stack is used here.
    with stood_up(tmp_path, "e2e-other", kubernetes, {"servers": 1, "name": NAMESPACE, **EXISTING}) as other:
        for operation in ("preview", "up"):
            refusal = other.refused(operation)
            assert f"StatefulSet {NAMESPACE}/{NAMESPACE}-server" in refusal
            assert "belongs to another cluster or another Pulumi state" in refusal
        other.destroy()

    assert stack.uids() == before
    assert stack.refresh().keys() == {"same"}, stack.changed()


def test_an_object_that_a_killed_engine_left_is_created_again(stack: PodCluster) -> None:
    before = service_uid(stack)
    forget_service(stack)

    stack.up()

    assert stack.changed() == [("create", "consul-server-http")]
    assert service_uid(stack) != before


def test_an_object_that_somebody_else_created_since_the_last_update_is_refused(stack: PodCluster) -> None:
    cluster_id = stack.kubectl.get("service", f"{NAMESPACE}-http", "--namespace", NAMESPACE)["metadata"]["labels"][
        LABEL
    ]
    label = ("label", "service", f"{NAMESPACE}-http", "--namespace", NAMESPACE, "--overwrite")
    forget_service(stack)
    stack.kubectl(*label, f"{LABEL}=other")
    before = service_uid(stack)

    refusal = stack.refused("up")

    assert f"found Service {NAMESPACE}/{NAMESPACE}-http ({LABEL}: other, so belongs to another" in refusal
    assert service_uid(stack) == before
    stack.kubectl(*label, f"{LABEL}={cluster_id}")
    stack.up()
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_b9_a_deployment_that_somebody_scaled_is_scaled_back(stack: PodCluster) -> None:
    stack.kubectl("scale", "deployment", f"{NAMESPACE}-client", "--replicas=2", "--namespace", NAMESPACE)

    stack.refresh()
    stack.up()

    found = stack.kubectl.get("deployment", f"{NAMESPACE}-client", "--namespace", NAMESPACE)
    assert found["spec"]["replicas"] == 1
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_c5_claims_get_the_labels_of_the_settings_in_place(stack: PodCluster) -> None:
    def labels() -> dict[str, str]:
        (claim,) = stack.kubectl.get("persistentvolumeclaims", "--namespace", NAMESPACE)["items"]
        found: dict[str, str] = claim["metadata"]["labels"]
        return found

    stack.change(platform={"kubernetes": {"namespace": NAMESPACE, "labels": {"team": "shop"}, "retain_data": True}})
    stack.up()

    assert labels()["team"] == "shop"
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_retained_claims_are_refused_without_retain_data_and_used_with_it(stack: PodCluster) -> None:
    stack.destroy()
    claim = f"PersistentVolumeClaim {NAMESPACE}/data-{NAMESPACE}-server-0"
    before = stack.kubectl.get("persistentvolumeclaims", "--namespace", NAMESPACE)["items"]
    assert len(before) == 1

    stack.change(**EXISTING)
    for operation in ("preview", "up"):
        refusal = stack.refused(operation)
        assert claim in refusal
        assert "set `platform.kubernetes.retain_data: true`" in refusal
    assert stack.kubectl.get("persistentvolumeclaims", "--namespace", NAMESPACE)["items"] == before

    stack.change(platform={"kubernetes": {"namespace": NAMESPACE, "retain_data": True}})
    stack.up()
    stack.all_vote(1)
    stack.change(**EXISTING)
    stack.up()
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_destroy_deletes_what_the_stack_created_and_nothing_else(stack: PodCluster) -> None:
    stack.destroy()

    kinds = "services,statefulsets,deployments,secrets"
    assert stack.kubectl.get(kinds, "--namespace", NAMESPACE)["items"] == []
    assert stack.kubectl.get("configmap", "kept", "--namespace", NAMESPACE)["data"] == {"a": "b"}

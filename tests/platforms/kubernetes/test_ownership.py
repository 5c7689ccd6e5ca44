"""Objects of this cluster are recognised, foreign ones refused. Tests on a real cluster show that the engine asks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.platforms.kubernetes import ownership
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.providers.ownership import OwnershipProvider
from consul_on_pulumi.platforms.kubernetes.tier import CLUSTER_ID
from consul_on_pulumi.providers.ownership import ForeignObjectError

from tests.doubles.fake_kubernetes import FakeKubernetes
from tests.recording import a_new_run, build, cluster_args

SERVICE = "/api/v1/namespaces/dev/services/dev-http"
CLAIM = "/api/v1/namespaces/dev/persistentvolumeclaims/data-dev-server-0"
SELECTOR = {"app.kubernetes.io/name": "consul", "app.kubernetes.io/instance": "dev"}
EVERYTHING = {"clients": "DaemonSet", "ui": {"ingress": {"host": "consul.example.com"}}}


class FakeApi:
    """Answers like `ApiServer`; what is deleted is gone at the next request."""

    def __init__(self, **objects: dict[str, Any]) -> None:
        self.objects: dict[str, Any] = dict(objects)
        self.deleted: list[tuple[str, str, str]] = []
        self.stays = False
        self.claims: list[dict[str, Any]] = []

    def find(self, path: str) -> Any:
        return self.objects.get(path)

    def listed(self, path: str, _labels: Mapping[str, str]) -> list[dict[str, Any]]:
        return self.claims if path.endswith("/persistentvolumeclaims") else []

    def delete(self, path: str, uid: str, propagation: str) -> None:
        self.deleted.append((path, uid, propagation))
        if not self.stays:
            del self.objects[path]


def existing(cluster_id: str | None, **more: Any) -> dict[str, Any]:
    return {"metadata": {"uid": "u1", "labels": {CLUSTER_ID: cluster_id} if cluster_id else {}} | more}


def run_hook(api: FakeApi, kind: str = "Service", name: str | None = "dev-http", cluster_id: str | None = "m") -> None:
    metadata = {"namespace": "dev", "labels": {CLUSTER_ID: cluster_id} if cluster_id else {}} | (
        {"name": name} if name else {}
    )
    args: Any = pulumi.ResourceHookArgs(
        urn="urn", id="", name="x", type="kubernetes:core/v1:Service", new_inputs={"kind": kind, "metadata": metadata}
    )
    with mock.patch.object(ownership, "ApiServer", return_value=api):
        ownership.before_create(Cluster())(args, {})


def test_an_object_of_this_cluster_is_deleted_before_it_is_created_again() -> None:
    api = FakeApi(**{SERVICE: existing("m")})

    run_hook(api)

    assert api.deleted == [(SERVICE, "u1", "Background")]


@pytest.mark.parametrize(
    ("cluster_id", "whose"),
    [
        ("other", "other, so belongs to another cluster or another Pulumi state"),
        (None, "no such label, so not created"),
    ],
)
def test_an_object_of_somebody_else_is_refused_and_stays(cluster_id: str | None, whose: str) -> None:
    api = FakeApi(**{SERVICE: existing(cluster_id)})

    with pytest.raises(ForeignObjectError, match=rf"found Service dev/dev-http \({CLUSTER_ID}: {whose}"):
        run_hook(api)

    assert api.deleted == []


def test_the_refusal_of_a_namespace_names_the_setting_that_uses_it() -> None:
    api = FakeApi(**{"/api/v1/namespaces/dev": existing(None)})

    with pytest.raises(ForeignObjectError, match=r"found Namespace dev \(.*set `platform.kubernetes.namespace: dev`"):
        run_hook(api, "Namespace", "dev")


def test_a_stateful_set_leaves_its_pods_and_claims_behind() -> None:
    path = "/apis/apps/v1/namespaces/dev/statefulsets/dev-server"
    api = FakeApi(**{path: existing("m")})

    run_hook(api, "StatefulSet", "dev-server")

    assert api.deleted == [(path, "u1", "Orphan")]


def test_a_namespace_of_this_cluster_is_taken_over_with_all_its_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    api = FakeApi(**{"/api/v1/namespaces/dev": existing("m")})
    api.claims = [existing("m")]

    run_hook(api, "Namespace", "dev")

    assert api.deleted == []
    (warning,) = warnings
    assert warning.startswith("Namespace dev has the ID of this cluster, but the state of this stack does not hold it")
    assert "`PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up`" in warning


def test_a_namespace_without_a_claim_that_an_interrupted_update_left_is_created_again() -> None:
    api = FakeApi(**{"/api/v1/namespaces/dev": existing("m")})

    run_hook(api, "Namespace", "dev")

    assert [path for path, *_ in api.deleted] == ["/api/v1/namespaces/dev"]


def test_a_namespace_of_this_cluster_that_is_being_deleted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "TIMEOUT", 0.0)
    api = FakeApi(**{"/api/v1/namespaces/dev": existing("m", deletionTimestamp="now")})

    with pytest.raises(ownership.StillThereError, match="/api/v1/namespaces/dev was deleted but still exists"):
        run_hook(api, "Namespace", "dev")

    assert api.deleted == []


@pytest.mark.parametrize("change", [{"kind": "Widget"}, {"name": None}, {"cluster_id": None}], ids=str)
def test_objects_without_a_fixed_name_or_a_cluster_id_are_not_looked_for(change: dict[str, Any]) -> None:
    api = FakeApi(**{SERVICE: existing("m")})

    run_hook(api, **change)

    assert api.deleted == []


def test_a_deletion_that_does_not_end_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "TIMEOUT", 0.0)
    api = FakeApi(**{SERVICE: existing("m")})
    api.stays = True

    with pytest.raises(ownership.StillThereError, match=f"{SERVICE} was deleted but still exists"):
        run_hook(api)


def test_a_foreign_object_that_is_being_deleted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "TIMEOUT", 0.0)
    api = FakeApi(**{SERVICE: existing("other", deletionTimestamp="now")})

    with pytest.raises(ownership.StillThereError):
        run_hook(api)

    assert api.deleted == []


@pytest.fixture
def kubernetes(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    with FakeKubernetes() as running:
        running.is_the_current(monkeypatch, tmp_path)
        yield running


def props(*objects: str, **more: Any) -> dict[str, Any]:
    return {"objects": list(objects), "namespace": "dev", "cluster": "_", "retained": {}, "cluster_id": "m"} | more


def reasons(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    return [failure.reason for failure in OwnershipProvider().check(olds, news).failures]


@pytest.mark.parametrize("cluster_id", [None, "m"], ids=["first preview", "later"])
def test_free_names_are_accepted(kubernetes: FakeKubernetes, cluster_id: str | None) -> None:
    assert reasons({}, props("Service/dev-http", "StatefulSet/dev-server-new", cluster_id=cluster_id)) == []


def test_a2_a_preview_refuses_every_foreign_object_in_one_message(kubernetes: FakeKubernetes) -> None:
    kubernetes.objects |= {SERVICE: existing("other"), SERVICE.replace("http", "ui"): existing(None)}

    (reason,) = reasons({}, props("Service/dev-http", "Service/dev-ui", "Service/dev-dns"))

    assert "Service dev/dev-http" in reason
    assert "Service dev/dev-ui" in reason
    assert "dev-dns" not in reason
    assert "another Pulumi state" in reason
    assert "not created by this stack" in reason
    assert "use the Pulumi backend and the stack of that cluster" in reason


def test_in_the_first_preview_every_existing_object_is_foreign(kubernetes: FakeKubernetes) -> None:
    kubernetes.objects[SERVICE] = existing("other")

    assert reasons({}, props("Service/dev-http", cluster_id=None))


def test_an_object_that_an_interrupted_update_created_is_accepted(kubernetes: FakeKubernetes) -> None:
    kubernetes.objects[SERVICE] = existing("m")

    assert reasons({}, props("Service/dev-http")) == []


def test_an_object_that_is_being_deleted_is_accepted(kubernetes: FakeKubernetes) -> None:
    kubernetes.objects[SERVICE] = existing("other", deletionTimestamp="now")

    assert reasons({}, props("Service/dev-http")) == []


def test_objects_of_the_last_update_are_not_asked_for_again(kubernetes: FakeKubernetes) -> None:
    assert reasons(props("Service/dev-http"), props("Service/dev-http")) == []

    assert kubernetes.asked == []


def test_only_new_objects_are_asked_for(kubernetes: FakeKubernetes) -> None:
    OwnershipProvider().update("id", props("Service/dev-http"), props("Service/dev-http", "Service/dev-ui"))

    assert kubernetes.asked == [("GET", "/api/v1/namespaces/dev/services/dev-ui")]


@pytest.mark.parametrize(
    ("retained", "labels", "refused"),
    [
        (SELECTOR, SELECTOR, False),
        (SELECTOR, SELECTOR | {CLUSTER_ID: "earlier"}, False),
        ({}, SELECTOR, True),
        (SELECTOR, {"app": "shop"}, True),
    ],
)
def test_retained_claims_are_used_again_only_with_retain_data(
    kubernetes: FakeKubernetes, retained: dict[str, str], labels: dict[str, str], refused: bool
) -> None:
    kubernetes.objects[CLAIM] = {"metadata": {"labels": labels}}

    found = reasons({}, props("PersistentVolumeClaim/data-dev-server-0", retained=retained, cluster_id=None))

    assert bool(found) is refused
    assert all("set `platform.kubernetes.retain_data: true`" in reason for reason in found)


@pytest.mark.parametrize("status", [403, 503])
def test_without_an_answer_the_preview_succeeds_and_the_update_fails(kubernetes: FakeKubernetes, status: int) -> None:
    kubernetes.refusals["GET", SERVICE] = (status, "not now")

    assert reasons({}, props("Service/dev-http")) == []
    with pytest.raises(Exception, match="not now"):
        OwnershipProvider().create(props("Service/dev-http"))


def test_nothing_is_created_over_a_foreign_object(kubernetes: FakeKubernetes) -> None:
    kubernetes.objects[SERVICE] = existing(None)

    with pytest.raises(ForeignObjectError, match="Service dev/dev-http"):
        OwnershipProvider().create(props("Service/dev-http"))


@pytest.mark.parametrize("preview", [True, False])
def test_c6_a_preview_warns_once_if_the_api_server_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, preview: bool
) -> None:
    warnings: list[str] = []
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(kubeconfig, "_loaded", {})
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
    a_new_run(monkeypatch)
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)

    ownership.warn_if_unreachable(Cluster("nope"), {})
    ownership.warn_if_unreachable(Cluster("nope"), {})

    assert len(warnings) == (1 if preview else 0)
    assert all("correct `platform.kubernetes.kubeconfig` and `context`" in warning for warning in warnings)


@pytest.mark.parametrize("settings", [{}, EVERYTHING, {"network_policy": {"enabled": False}}], ids=str)
@pytest.mark.parametrize("servers", [1, 3])
def test_every_object_with_a_fixed_name_is_checked_before_it_is_created(settings: dict[str, Any], servers: int) -> None:
    args = cluster_args({"kubernetes": settings}, servers=servers)
    seen = build(lambda: {"http": ConsulCluster("consul", args).http_addresses}).seen

    checked = {one for found in seen if found.type.endswith(":Ownership") for one in found.inputs["objects"]}
    created = {
        f"{found.inputs['kind']}/{found.inputs['metadata']['name']}"
        for found in seen
        if found.type.startswith("kubernetes:") and "name" in found.inputs["metadata"]
    }
    config_maps = {one for one in created if one.startswith("ConfigMap/")}
    claims = {f"PersistentVolumeClaim/data-dev-server-{ordinal}" for ordinal in range(servers)}
    assert checked == (created - config_maps) | claims
    for found in seen:
        if found.type.startswith("kubernetes:") and found.type.split(":")[-1] != "Provider":
            parent = "consul" if found.type.endswith(":Namespace") else found.parent
            assert f"{parent}-ownership" in found.depends_on, found.name


def test_an_update_sets_every_object_again_that_somebody_else_changed() -> None:
    seen = build(
        lambda: {"http": ConsulCluster("consul", cluster_args({"kubernetes": EVERYTHING})).http_addresses}
    ).seen

    objects = [one.inputs["metadata"] for one in seen if one.type.startswith("kubernetes:") and "kind" in one.inputs]
    assert len(objects) > 10
    assert all(metadata["annotations"]["pulumi.com/patchForce"] == "true" for metadata in objects)

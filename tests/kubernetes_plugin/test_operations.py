"""The operations on an API server in the process; tests/kubernetes_plugin/e2e has the real one."""

from typing import Any

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    PropertyDiffKind,
    ReadRequest,
    UpdateRequest,
)

from kubernetes_plugin import checking, checkpoint, configuring, creating, deleting, diffing, reading, updating, values
from kubernetes_plugin.errors import ApiError, OperationError, PartialFailureError
from kubernetes_plugin.objects import UNKNOWN
from kubernetes_plugin.session import Session
from kubernetes_plugin.settings import Settings
from tests.kubernetes_plugin.documents import Object, config_map
from tests.kubernetes_plugin.fake_cluster import FakeConnection, missing

URN = "urn:pulumi:dev::p::kubernetes:core/v1:ConfigMap::settings"
FOLDER = "/api/v1/namespaces/default/configmaps"
PATH = f"{FOLDER}/settings"
LIVE = config_map(data={"a": "1"}) | {"metadata": config_map()["metadata"] | {"uid": "1", "resourceVersion": "5"}}
MANAGER = "pulumi-kubernetes-1234abcd"


def properties(document: Object) -> dict[str, PropertyValue]:
    return {key: values.property_value(value) for key, value in document.items()}


def state(inputs: Object, live: Object) -> dict[str, PropertyValue]:
    return checkpoint.build(inputs, live, MANAGER, properties(inputs))


def check(session: Session, new: Object, old: Object | None = None) -> Any:
    return checking.check(session, CheckRequest(URN, properties(old or {}), properties(new), b"seed"))


def create(session: Session, inputs: Object, *, preview: bool = False) -> Any:
    return creating.create(session, CreateRequest(URN, properties(inputs), 0, preview))


def update(session: Session, new: Object, *, preview: bool = False) -> Any:
    old = config_map(data={"a": "1"})
    request = UpdateRequest(URN, "default/settings", state(old, LIVE), properties(new), 0, [], preview)
    return updating.update(session, request)


def read(session: Session, inputs: Object | None = None, live: Object | None = None) -> Any:
    known = state(inputs, live or LIVE) if inputs else {}
    return reading.read(session, ReadRequest(URN, "default/settings", known, properties(inputs or {})))


def delete(session: Session, inputs: Object | None = None) -> None:
    deleting.delete(session, DeleteRequest(URN, "default/settings", state(inputs or config_map(), LIVE), 0))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creating, "RETRIES", (0, 0))


# Check


def test_check_fills_in_kind_name_and_namespace(running: Session) -> None:
    found = values.document(check(running, {"data": {"a": "1"}}).inputs)

    assert (found["apiVersion"], found["kind"], found["metadata"]["namespace"]) == ("v1", "ConfigMap", "default")
    assert found["metadata"]["name"].startswith("settings-")
    again = values.document(check(running, {"data": {"a": "2"}}, found).inputs)
    assert again["metadata"] == found["metadata"]


@pytest.mark.parametrize("settings", [Settings(namespace="web")])
def test_check_knows_where_the_provider_places_things(away: Session) -> None:
    found = values.document(check(away, {}).inputs)

    assert found["metadata"]["namespace"] == "web"


def test_what_belongs_to_the_whole_cluster_gets_no_namespace(running: Session, away: Session) -> None:
    urn = URN.replace("ConfigMap", "Namespace")
    for session in (running, away):
        said = checking.check(session, CheckRequest(urn, {}, {}, b""))
        assert "namespace" not in values.document(said.inputs or {})["metadata"]


def test_metadata_that_is_not_known_yet_is_left_alone(running: Session) -> None:
    assert values.document(check(running, {"metadata": UNKNOWN}).inputs)["metadata"] == UNKNOWN


def test_names_generated_by_the_server_are_refused(running: Session) -> None:
    (failure,) = check(running, {"metadata": {"generateName": "a-"}}).failures

    assert (failure.property, "not supported" in failure.reason) == ("metadata.generateName", True)


# Diff


def test_diff_tells_what_replaces_and_in_which_order(running: Session) -> None:
    old, new = config_map(data={"a": "1"}), config_map(data={"a": "2", "b": "3"})
    said = diffing.diff(running, DiffRequest(URN, "default/settings", state(old, LIVE), properties(new), []))

    assert (said.changes, said.replaces, said.delete_before_replace) == (True, ["data.a", "data.b"], True)
    assert {path: one.kind for path, one in said.detailed_diff.items()} == {
        "data.a": PropertyDiffKind.UPDATE_REPLACE,
        "data.b": PropertyDiffKind.ADD_REPLACE,
    }
    assert said.diffs == ["data"]


def test_diff_leaves_out_what_is_ignored(running: Session) -> None:
    old, new = config_map(data={"a": "1"}), config_map(data={"a": "2"})
    said = diffing.diff(running, DiffRequest(URN, "default/settings", state(old, LIVE), properties(new), ["data"]))

    assert (said.changes, said.detailed_diff) == (False, {})


# Create


def test_create_waits_for_a_namespace_that_is_on_its_way(running: Session, connection: FakeConnection) -> None:
    connection.answer("POST", FOLDER, missing("namespace"), LIVE)
    said = create(running, config_map(data={"a": "1"}))

    assert said.resource_id == "default/settings"
    assert checkpoint.parse(said.properties).live == LIVE


def test_create_names_the_resource_when_it_fails(running: Session, connection: FakeConnection) -> None:
    connection.answer("POST", FOLDER, ApiError(422, "data: Invalid value", "Invalid"))

    with pytest.raises(OperationError, match=f"resource '{URN}' was not successfully created.*data: Invalid value"):
        create(running, config_map())


def test_a_preview_of_a_create_tries_without_a_trace(running: Session, connection: FakeConnection) -> None:
    connection.answer("POST", FOLDER, LIVE | {"status": {}})
    said = create(running, config_map(data={"a": "1"}), preview=True)

    assert said.resource_id is None
    assert "status" not in said.properties
    assert connection.requests[-1][3]["dryRun"] == "All"


@pytest.mark.parametrize(
    "error",
    [
        ApiError(404, 'namespaces "x" not found', "NotFound", {"kind": "namespaces"}),
        ApiError(403, "you may not", "Forbidden"),
        ApiError(409, "already exists", "AlreadyExists"),
    ],
)
def test_a_preview_knows_what_it_can_not_know(running: Session, connection: FakeConnection, error: ApiError) -> None:
    connection.answer("POST", FOLDER, error)
    given = config_map(data={"a": "1"})

    assert create(running, given, preview=True).properties == properties(given)


def test_a_preview_with_unknown_values_asks_nobody(running: Session, connection: FakeConnection) -> None:
    given = config_map(data={"a": UNKNOWN})

    assert create(running, given, preview=True).properties == properties(given)
    assert connection.requests == []


def test_without_an_api_server_only_previews_go_on(away: Session) -> None:
    given = config_map(data={"a": "1"})

    assert create(away, given, preview=True).properties == properties(given)
    assert update(away, given, preview=True).properties == properties(given)
    with pytest.raises(OperationError, match="configured Kubernetes cluster is unreachable: connection refused"):
        create(away, given)
    with pytest.raises(OperationError, match="configured Kubernetes cluster is unreachable: connection refused"):
        update(away, given)


@pytest.mark.parametrize("settings", [Settings(upsert=True)])
def test_an_upsert_applies(running: Session, connection: FakeConnection) -> None:
    connection.answer("PATCH", PATH, LIVE)
    create(running, config_map(data={"a": "1"}))

    assert connection.requests[-1][3]["force"] == "false"


# Update


def test_update_applies_under_the_manager_of_the_state(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, LIVE)
    connection.answer("PATCH", PATH, LIVE | {"data": {"a": "2"}})
    said = update(running, config_map(data={"a": "2"}))

    assert connection.requests[-1][3]["fieldManager"] == MANAGER
    assert checkpoint.parse(said.properties).manager == MANAGER


def test_update_takes_over_again_when_a_controller_was_quicker(running: Session, connection: FakeConnection) -> None:
    fields = [{"manager": MANAGER, "operation": "Update", "fieldsV1": {"f:data": {}}}]
    written = LIVE | {"metadata": LIVE["metadata"] | {"managedFields": fields}}
    connection.answer("GET", PATH, written)
    conflict = ApiError(409, "the object has been modified", "Conflict")
    connection.answer("PATCH", PATH, conflict, LIVE, LIVE)
    update(running, config_map(data={"a": "2"}))

    assert [method for method, *_ in connection.requests] == ["GET", "GET", "PATCH", "GET", "PATCH", "PATCH"]


def test_a_refused_update_keeps_the_object_and_says_who_was_in_the_way(
    running: Session, connection: FakeConnection
) -> None:
    connection.answer("GET", PATH, LIVE)
    connection.answer("PATCH", PATH, ApiError(409, 'conflict with "rival" using v1: .data.a', "Conflict"))
    with pytest.raises(PartialFailureError, match=r'conflict with "rival".*patchForce') as failed:
        update(running, config_map(data={"a": "2"}))

    assert failed.value.resource_id == "default/settings"
    assert checkpoint.parse(failed.value.state).live["data"] == {"a": "1"}


def test_an_update_of_what_is_gone_fails(running: Session) -> None:
    with pytest.raises(OperationError, match="unable to get cluster state"):
        update(running, config_map(data={"a": "2"}))


# Read


def test_read_gives_the_inputs_as_they_are_now(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, LIVE | {"data": {"a": "drifted", "b": "theirs"}})
    said = read(running, config_map(data={"a": "1"}))

    assert values.document(said.inputs)["data"] == {"a": "drifted"}
    assert checkpoint.parse(said.properties).live["data"] == {"a": "drifted", "b": "theirs"}


def test_read_without_inputs_takes_all_that_a_program_could_say(running: Session, connection: FakeConnection) -> None:
    kept = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "x"}
    connection.answer("GET", PATH, LIVE | {"status": {}, "metadata": LIVE["metadata"] | {"annotations": kept}})
    said = read(running)

    assert values.document(said.inputs) == config_map(data={"a": "1"}) | {
        "metadata": config_map()["metadata"] | {"annotations": {"mine": "x"}}
    }


def test_what_is_gone_has_no_id(running: Session) -> None:
    assert read(running, config_map()).resource_id == ""


def test_a_refusal_does_not_mean_gone(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, ApiError(403, "you may not", "Forbidden"))

    with pytest.raises(OperationError, match="reading v1/ConfigMap default/settings failed: you may not"):
        read(running, config_map())


def test_an_api_server_that_is_away_does_not_mean_gone(away: Session) -> None:
    with pytest.raises(OperationError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        read(away, config_map())
    with pytest.raises(OperationError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        delete(away)


@pytest.mark.parametrize("settings", [Settings(delete_unreachable=True)])
def test_unless_the_user_says_so(away: Session) -> None:
    assert read(away, config_map()).resource_id == ""
    delete(away)


@pytest.mark.parametrize("settings", [Settings(skip_update_unreachable=True)])
def test_a_cluster_that_is_away_may_be_skipped(away: Session) -> None:
    inputs = config_map(data={"a": "1"})

    assert values.document(read(away, inputs).inputs) == inputs
    assert values.document(check(away, config_map(data={"a": "2"}), inputs).inputs) == inputs


# Delete


@pytest.mark.parametrize(
    ("policy", "propagation"),
    [("", "Foreground"), ("orphan", "Orphan"), ("Background", "Background"), ("x", "Foreground")],
)
def test_delete_takes_what_an_object_owns_first_unless_told(
    running: Session, connection: FakeConnection, policy: str, propagation: str
) -> None:
    connection.answer("DELETE", PATH, {})
    connection.answer("GET", PATH, missing())
    delete(running, config_map() | {"metadata": {"annotations": {"pulumi.com/deletionPropagationPolicy": policy}}})

    (body,) = [body for method, _, body, _ in connection.requests if method == "DELETE"]
    assert body == {"propagationPolicy": propagation}


def test_what_is_gone_already_is_deleted(running: Session, connection: FakeConnection) -> None:
    connection.answer("DELETE", PATH, missing())

    delete(running)


def test_a_refused_deletion_fails(running: Session, connection: FakeConnection) -> None:
    connection.answer("DELETE", PATH, ApiError(403, "this may not be deleted", "Forbidden"))

    with pytest.raises(OperationError, match="default/settings was not deleted: this may not be deleted"):
        delete(running)


# Configuration


def configured(urn_name: str, env: dict[str, str] | None = None, **given: Any) -> list[tuple[str, str]]:
    request = CheckRequest(f"urn:pulumi:dev::p::pulumi:providers:kubernetes::{urn_name}", {}, properties(given), b"")
    return [(one.property, one.reason) for one in configuring.check_config(request, env or {}).failures or []]


@pytest.mark.parametrize(
    ("given", "env", "refused"),
    [
        ({}, {}, []),
        ({"enableServerSideApply": "true", "suppressDeprecationWarnings": "true"}, {}, []),
        ({"enableServerSideApply": "false"}, {}, ["enableServerSideApply"]),
        ({}, {"PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY": "false"}, ["enableServerSideApply"]),
        ({"renderYamlToDirectory": "out"}, {}, ["renderYamlToDirectory"]),
    ],
)
def test_what_the_plugin_can_not_do_is_refused(given: Any, env: dict[str, str], refused: list[str]) -> None:
    assert [name for name, _ in configured("own", env, **given)] == refused


def test_strict_mode_wants_the_cluster_named() -> None:
    strict = {"PULUMI_CONFIG": '{"strictMode": "true"}'}

    assert configured("own", strict, kubeconfig="x", context="y") == []
    assert [name for name, _ in configured("default_4_34_2", strict)] == ["", "kubeconfig", "context"]
    assert configured("default_4_34_2", {}) == []

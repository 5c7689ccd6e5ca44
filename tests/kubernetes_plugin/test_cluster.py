import pytest

from kubernetes_plugin.cluster import Cluster
from kubernetes_plugin.errors import ApiError, NoSuchKindError
from kubernetes_plugin.tokens import Kind
from tests.kubernetes_plugin.documents import config_map
from tests.kubernetes_plugin.fake_cluster import FakeConnection

POD, NAMESPACE, SET = Kind("v1", "Pod"), Kind("v1", "Namespace"), Kind("apps/v1", "StatefulSet")


@pytest.fixture
def connection() -> FakeConnection:
    return FakeConnection()


@pytest.mark.parametrize(
    ("kind", "namespace", "path"),
    [
        (POD, "web", "/api/v1/namespaces/web/pods/a"),
        (POD, "", "/api/v1/namespaces/default/pods/a"),
        (NAMESPACE, "web", "/api/v1/namespaces/a"),
        (SET, "web", "/apis/apps/v1/namespaces/web/statefulsets/a"),
    ],
)
def test_an_object_is_found_by_its_kind(connection: FakeConnection, kind: Kind, namespace: str, path: str) -> None:
    connection.answer("GET", path, {"found": True})

    assert Cluster(connection).get(kind, namespace, "a") == {"found": True}


def test_kinds_are_asked_for_once(connection: FakeConnection) -> None:
    cluster = Cluster(connection)

    assert [cluster.namespaced(kind) for kind in (POD, NAMESPACE, POD, SET)] == [True, False, True, True]
    assert [path for _, path, *_ in connection.requests] == ["/api/v1", "/apis/apps/v1"]


@pytest.mark.parametrize("kind", [Kind("v1", "Widget"), Kind("example.com/v1", "Widget")])
def test_an_unknown_kind_is_asked_for_again_since_it_may_come(connection: FakeConnection, kind: Kind) -> None:
    cluster = Cluster(connection)
    for _ in range(2):
        with pytest.raises(NoSuchKindError, match="Widget"):
            cluster.namespaced(kind)
    prefix = "/api/v1" if kind.api_version == "v1" else "/apis/example.com/v1"
    connection.answer("GET", prefix, {"resources": [{"kind": "Widget", "name": "widgets", "namespaced": False}]})

    assert not cluster.namespaced(kind)


def test_a_server_that_refuses_is_no_unknown_kind(connection: FakeConnection) -> None:
    connection.answer("GET", "/api/v1", ApiError(403, "no", "Forbidden"))

    with pytest.raises(ApiError, match="no"):
        Cluster(connection).namespaced(POD)


def test_create_apply_and_dry_run_are_told_to_the_server(connection: FakeConnection) -> None:
    folder = "/api/v1/namespaces/default/configmaps"
    connection.answer("POST", folder, {})
    connection.answer("PATCH", f"{folder}/settings", {})
    cluster = Cluster(connection)
    cluster.create(config_map(), manager="m", dry_run=True)
    cluster.apply(config_map(), manager="m", force=True)
    cluster.apply(config_map(), manager="m", force=False)

    assert [dict(query) for method, _, _, query in connection.requests if method != "GET"] == [
        {"fieldManager": "m", "fieldValidation": "Warn", "dryRun": "All"},
        {"fieldManager": "m", "fieldValidation": "Warn", "force": "true"},
        {"fieldManager": "m", "fieldValidation": "Warn", "force": "false"},
    ]


def test_items_of_a_list_say_what_they_are(connection: FakeConnection) -> None:
    connection.answer("GET", "/api/v1/namespaces/web/pods", {"items": [{"metadata": {"name": "a"}}]})

    (pod,) = Cluster(connection).items(POD, "web", labelSelector="a=b")
    assert (pod["kind"], pod["apiVersion"]) == ("Pod", "v1")
    assert connection.requests[-1][3] == {"labelSelector": "a=b"}

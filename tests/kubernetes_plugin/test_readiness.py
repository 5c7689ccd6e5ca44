import time
from typing import Any

import pytest

from kubernetes_plugin.awaiting import await_gone, await_ready, look_once, readiness
from kubernetes_plugin.errors import ApiError, NotReadyError, UnreachableError
from kubernetes_plugin.session import Session
from kubernetes_plugin.tokens import Kind
from tests.kubernetes_plugin.documents import Object, config_map, stateful_set
from tests.kubernetes_plugin.fake_cluster import FakeConnection, missing

PATH = "/apis/apps/v1/namespaces/default/statefulsets/consul"
PODS = "/api/v1/namespaces/default/pods"
DONE = {
    "observedGeneration": 1,
    "replicas": 3,
    "readyReplicas": 3,
    "updatedReplicas": 3,
    "currentReplicas": 3,
    "currentRevision": "a",
    "updateRevision": "a",
}
NEW, READY = stateful_set(), stateful_set(status=DONE)
POD: Object = {
    "metadata": {"name": "consul-0", "ownerReferences": [{"uid": "set"}]},
    "status": {
        "containerStatuses": [
            {"name": "main", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
        ]
    },
}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "SHORTEST", 0.001)
    monkeypatch.setattr(readiness, "LONGEST", 0.01)
    monkeypatch.setattr(readiness, "PATIENCE", 0.1)


def annotated(**annotations: str) -> Object:
    names = {f"pulumi.com/{name}": value for name, value in annotations.items()}
    return stateful_set() | {"metadata": {"name": "consul", "annotations": names}}


def test_it_looks_until_the_object_is_ready(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, NEW, ApiError(500, "etcd is away"), UnreachableError("reset"), NEW, READY)

    assert await_ready(running, "urn", NEW, NEW, 0) == READY


def test_it_gives_up_in_time_and_says_why(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, NEW)
    connection.answer("GET", PODS, {"items": [POD]})
    with pytest.raises(NotReadyError, match="timed out after 0 s: Waiting for the StatefulSet") as failed:
        await_ready(running, "urn", NEW, NEW, 0.05)

    assert failed.value.reasons == ["[Pod consul-0]: container 'main' is waiting: ImagePullBackOff: no such image"]
    assert failed.value.live == NEW


@pytest.mark.parametrize(
    ("inputs", "custom", "seconds"),
    [
        (NEW, 0.0, 600.0),
        (annotated(timeoutSeconds="5"), 0.0, 5.0),
        (annotated(timeoutSeconds="5"), 7.0, 7.0),
        (annotated(timeoutSeconds="soon"), 0.0, 600.0),
    ],
)
def test_how_long_it_waits(inputs: Object, custom: float, seconds: float) -> None:
    assert readiness.time_allowed(inputs, custom, 600) == seconds


def test_what_nobody_waits_for_is_not_even_asked_for(running: Session, connection: FakeConnection) -> None:
    assert await_ready(running, "urn", annotated(skipAwait="true"), NEW, 0) == NEW
    assert await_ready(running, "urn", config_map(), config_map(), 0) == config_map()
    assert look_once(running, annotated(skipAwait="true"), NEW) == []
    assert connection.requests == []


def test_an_object_that_goes_away_is_not_waited_for(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, NEW, missing())

    with pytest.raises(NotReadyError, match="was deleted while it was waited for"):
        await_ready(running, "urn", NEW, NEW, 0)


def test_an_api_server_that_stays_away_ends_the_wait(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, UnreachableError("refused"))
    with pytest.raises(NotReadyError, match="the API server does not answer: refused"):
        await_ready(running, "urn", NEW, NEW, 60)


def test_a_cancelled_wait_ends_at_once(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, NEW)
    running.cancelled.set()
    started = time.monotonic()
    with pytest.raises(NotReadyError, match="cancelled while waiting"):
        await_ready(running, "urn", NEW, NEW, 60)

    assert time.monotonic() - started < 5


def test_a_look_says_what_is_wrong(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PODS, {"items": [POD]})

    assert look_once(running, READY, READY) == []
    (said, why) = look_once(running, NEW, NEW)
    assert "controller to see the change" in said
    assert "ImagePullBackOff" in why


KIND = Kind("apps/v1", "StatefulSet")


def gone(running: Session, inputs: Any = NEW, timeout: float = 60) -> None:
    await_gone(running, "urn", inputs, KIND, "default", "consul", timeout)


def test_it_looks_until_the_object_is_gone(running: Session, connection: FakeConnection) -> None:
    connection.answer("GET", PATH, NEW, UnreachableError("reset"), NEW, missing())

    gone(running)


def test_another_object_of_the_name_is_not_the_old_one(running: Session, connection: FakeConnection) -> None:
    other = NEW | {"metadata": NEW["metadata"] | {"uid": "another"}}
    connection.answer("GET", PATH, NEW, other)

    gone(running)


def test_it_says_what_holds_a_deletion(running: Session, connection: FakeConnection) -> None:
    held = NEW | {"metadata": NEW["metadata"] | {"finalizers": ["a/b"]}}
    connection.answer("GET", PATH, held)
    with pytest.raises(NotReadyError, match="waiting for the deletion of apps/v1/StatefulSet consul") as failed:
        gone(running, timeout=0.05)

    assert failed.value.reasons == ["StatefulSet still exists; finalizers might be preventing deletion: a/b"]


def test_skip_await_skips_the_end_of_workloads_alone(running: Session, connection: FakeConnection) -> None:
    gone(running, annotated(skipAwait="true"))
    assert connection.requests == []
    path = "/api/v1/namespaces/default/configmaps/settings"
    connection.answer("GET", path, missing())
    kind, skipping = Kind("v1", "ConfigMap"), annotated(skipAwait="true")
    await_gone(running, "urn", skipping, kind, "default", "settings", 1)

    assert [found for _, found, *_ in connection.requests] == ["/api/v1", path]

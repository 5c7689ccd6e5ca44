"""When an object is ready, judged by documents as API servers and controllers write them."""

from typing import Any

import pytest

from kubernetes_plugin.awaiting import network, storage, wait_for, workloads
from kubernetes_plugin.awaiting.verdict import Verdict
from tests.kubernetes_plugin.documents import Object, stateful_set

OLD, NEW = "consul-6d5", "consul-7f9"


def set_status(ready: int, updated: int, current: int, *, replicas: int = 3, at: str = OLD, to: str = OLD) -> Object:
    status: Object = {"observedGeneration": 1, "replicas": replicas, "currentRevision": at, "updateRevision": to}
    counts = {"readyReplicas": ready, "updatedReplicas": updated, "currentReplicas": current}
    # A count of 0 is left out.
    return status | {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize(
    ("status", "ready", "message"),
    [
        ({}, False, "Waiting for the StatefulSet controller"),
        (set_status(0, 0, 0, replicas=0), False, "0 out of 3 replicas"),
        (set_status(1, 3, 3), False, "1 out of 3 replicas"),
        (set_status(3, 3, 3), True, ""),
        # While it rolls, replicas of the old revision are ready too.
        (set_status(3, 1, 2, to=NEW), False, "1 out of 3 replicas"),
        (set_status(2, 2, 1, to=NEW), False, "2 out of 3 replicas"),
        (set_status(3, 3, 0, to=NEW), False, f"failed to advance from revision {OLD!r} to revision {NEW!r}"),
        (set_status(3, 3, 3, at=NEW, to=NEW), True, ""),
        # One too many, as after a scale-down.
        (set_status(3, 3, 3, replicas=4), False, "3 out of 3 replicas"),
    ],
)
def test_a_stateful_set_is_ready_when_all_replicas_are_of_the_newest_revision(
    status: Object, ready: bool, message: str
) -> None:
    found = workloads.stateful_set(stateful_set(status=status))

    assert found.ready is ready
    assert message in found.message


def test_a_change_that_no_controller_has_seen_is_not_done() -> None:
    status = set_status(3, 3, 3)

    assert not workloads.stateful_set(stateful_set(generation=2, status=status)).ready
    assert workloads.stateful_set(stateful_set(generation=2, status=status | {"observedGeneration": 2})).ready


def test_on_delete_leaves_the_revision_to_the_user() -> None:
    strategy = {"type": "OnDelete"}
    status = set_status(3, 0, 3, to=NEW) | {"observedGeneration": 2}

    assert workloads.stateful_set(stateful_set(generation=2, status=status, updateStrategy=strategy)).ready
    assert not workloads.stateful_set(stateful_set(status=status, updateStrategy=strategy)).ready


def test_a_set_of_none_is_ready_at_once() -> None:
    assert workloads.stateful_set(stateful_set(replicas=0, status=set_status(0, 0, 0, replicas=0))).ready


def deployment(**status: Any) -> Object:
    return {"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": {"observedGeneration": 2} | status}


@pytest.mark.parametrize(
    ("obj", "ready", "message"),
    [
        (deployment(observedGeneration=1, replicas=2, updatedReplicas=2, availableReplicas=2), False, "controller"),
        (deployment(replicas=2, updatedReplicas=1, availableReplicas=2), False, "1 out of 2 replicas were updated"),
        (deployment(replicas=3, updatedReplicas=2, availableReplicas=3), False, "1 replicas of older revisions"),
        (deployment(replicas=2, updatedReplicas=2, availableReplicas=1), False, "1 out of 2 replicas are available"),
        (deployment(replicas=2, updatedReplicas=2, availableReplicas=2), True, ""),
        (
            deployment(
                conditions=[
                    {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "timed out progressing"}
                ]
            ),
            False,
            "Deployment makes no progress: timed out progressing",
        ),
    ],
)
def test_a_deployment(obj: Object, ready: bool, message: str) -> None:
    found = workloads.deployment(obj)

    assert (found.ready, found.final) == (ready, False)
    assert message in found.message


def daemon_set(updated: int, available: int, **spec: Any) -> Object:
    status = {"desiredNumberScheduled": 2, "updatedNumberScheduled": updated, "numberAvailable": available}
    return {"metadata": {"generation": 1}, "spec": spec, "status": {"observedGeneration": 1} | status}


@pytest.mark.parametrize(
    ("obj", "ready"),
    [
        (daemon_set(2, 2), True),
        (daemon_set(1, 2), False),
        (daemon_set(2, 1), False),
        (daemon_set(0, 2, updateStrategy={"type": "OnDelete"}), True),
        ({"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "desiredNumberScheduled": 0}}, True),
        ({"metadata": {"generation": 1}, "status": {}}, False),
    ],
)
def test_a_daemon_set(obj: Object, ready: bool) -> None:
    assert workloads.daemon_set(obj).ready is ready


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}, True),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, False),
        ({"phase": "Succeeded", "conditions": [{"type": "Ready", "status": "False"}]}, True),
        ({"phase": "Pending"}, False),
        ({}, False),
    ],
)
def test_a_pod(status: Object, ready: bool) -> None:
    assert workloads.pod({"status": status}).ready is ready


def test_a_job() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}

    assert workloads.job({"status": {"conditions": [{"type": "Complete", "status": "True"}]}}).ready
    assert workloads.job({"spec": {"completions": 2}, "status": {"succeeded": 1}}) == Verdict(
        False, "1 out of 2 completions; 0 Pods failed"
    )
    assert workloads.job({"status": {"conditions": [failed]}}) == Verdict(
        False, "Job failed: BackoffLimitExceeded: too often", final=True
    )


def service(**spec: Any) -> Object:
    return {"spec": {"clusterIP": "10.0.0.7", "selector": {"a": "b"}, "type": "ClusterIP"} | spec}


READY_SLICE: Object = {"endpoints": [{"conditions": {"ready": False}}, {"conditions": {"ready": True}}]}
UNREADY_SLICE: Object = {"endpoints": [{"conditions": {"ready": False}}]}


@pytest.mark.parametrize(
    ("obj", "slices", "ready"),
    [
        (service(), [READY_SLICE], True),
        (service(), [UNREADY_SLICE, {"endpoints": None}], False),
        (service(), [{"endpoints": [{"addresses": ["10.1.1.1"]}]}], True),
        (service(), [], False),
        (service(clusterIP="None"), [], True),
        (service(selector=None), [], True),
        (service(type="ExternalName"), [], True),
        (service(type="LoadBalancer"), [READY_SLICE], False),
        (service(type="LoadBalancer") | {"status": {"loadBalancer": {"ingress": [{}]}}}, [READY_SLICE], True),
    ],
)
def test_a_service(obj: Object, slices: list[Object], ready: bool) -> None:
    assert network.service(obj, slices).ready is ready


def test_an_ingress() -> None:
    paths = [{"backend": {"service": {"name": "a"}}}, {"backend": {"resource": {}}}]
    obj: Object = {"spec": {"defaultBackend": {"service": {"name": "b"}}, "rules": [{"http": {"paths": paths}}, {}]}}

    assert set(network.backends(obj)) == {"a", "b"}
    assert "without ready endpoints: a" in network.ingress(obj, ["a"]).message
    assert "ingress controller" in network.ingress(obj, []).message
    assert network.ingress(obj | {"status": {"loadBalancer": {"ingress": [{"ip": "1.1.1.1"}]}}}, []).ready


@pytest.mark.parametrize(
    ("phase", "mode", "ready"),
    [
        ("Bound", "", True),
        ("Pending", "Immediate", False),
        ("Pending", "WaitForFirstConsumer", True),
        ("Lost", "WaitForFirstConsumer", False),
        (None, "", False),
    ],
)
def test_a_claim(phase: str | None, mode: str, ready: bool) -> None:
    assert storage.claim({"status": {"phase": phase}}, mode).ready is ready


def test_what_controllers_fill_in() -> None:
    assert storage.volume({"status": {"phase": "Available"}}).ready
    assert not storage.volume({"status": {"phase": "Pending"}}).ready
    assert storage.quota({"spec": {"hard": {"pods": "1"}}, "status": {"hard": {"pods": "1"}}}).ready
    assert not storage.quota({"spec": {"hard": {"pods": "1"}}}).ready
    assert not storage.secret({"type": "kubernetes.io/service-account-token"}).ready
    assert storage.secret({"type": "Opaque"}).ready


LIVE: Object = {
    "spec": {"list": [{"name": "x"}], "on": True},
    "metadata": {"labels": {"a.b/c": "d"}},
    "status": {
        "phase": "Active",
        "conditions": [{"type": "Good", "status": "True"}, {"type": "Bad", "status": "False"}],
    },
}


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("condition=Good", True),
        ("condition=Bad", False),
        ("condition=Bad=false", True),
        ("condition=None", False),
        ("jsonpath={.status.phase}=Active", True),
        ("jsonpath={.status.phase}=Gone", False),
        ("jsonpath=.status.phase", True),
        ("jsonpath={.status.none}", False),
        ("jsonpath={.spec.list[0].name}=x", True),
        ("jsonpath={.spec.list[1].name}=x", False),
        ("jsonpath={.metadata.labels['a.b/c']}=d", True),
        ("jsonpath={.spec.on}=true", True),
        ('["condition=Good", "jsonpath={.status.phase}=Active"]', True),
        ('["condition=Good", "condition=Bad"]', False),
    ],
)
def test_conditions_of_the_users_own(text: str, ready: bool) -> None:
    found = wait_for.judge(text, LIVE)

    assert found.ready is ready
    assert ready or "Waiting for" in found.message


@pytest.mark.parametrize("text", ["ready", "[]", '["condition=a", "b"]'])
def test_a_condition_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"pulumi\.com/waitFor"):
        wait_for.expressions(text)

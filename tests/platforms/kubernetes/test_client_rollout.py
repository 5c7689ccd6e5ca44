"""Waiting for clients with a fake API server. Tests on a cluster have a real controller."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.providers import client_rollout, pod_readiness
from consul_on_pulumi.platforms.kubernetes.providers.client_rollout import ClientRolloutProvider

from tests.doubles.fake_kubernetes import FakeKubernetes, pod, waiting

LABELS = {"app.kubernetes.io/name": "consul", "app.kubernetes.io/component": "client"}
AGAIN = ". Correct the settings and run `pulumi up` again"


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    with FakeKubernetes() as running:
        running.is_the_current(monkeypatch, tmp_path)
        monkeypatch.setattr(client_rollout, "INTERVAL", 0.01)
        monkeypatch.setattr(pod_readiness, "TIMEOUT", 0.3)
        monkeypatch.setattr(pod_readiness, "UNRECOVERABLE_TIMEOUT", 0.05)
        yield running


def props(**more: Any) -> dict[str, Any]:
    return {
        "cluster": "_",
        "namespace": "dev",
        "kind": "deployments",
        "workload": "dev-client",
        "selector": LABELS,
        "spec_hash": "new",
        "replicas": 2,
        "revision": 1,
    } | more


def deployment(kubernetes: FakeKubernetes, *, observed: int = 2, generation: int = 2, **status: Any) -> None:
    counted = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2} | status
    kubernetes.workloads["deployments/dev-client"] = {
        "metadata": {"uid": "d", "generation": generation},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": observed, **counted},
    }


def daemon_set(kubernetes: FakeKubernetes, **status: Any) -> None:
    counted = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2} | status
    kubernetes.workloads["daemonsets/dev-client"] = {
        "metadata": {"uid": "s", "generation": 1},
        "spec": {},
        "status": {"observedGeneration": 1, **counted},
    }


def client(name: str, *, spec_hash: str = "new", problem: tuple[str, str] | None = None) -> dict[str, Any]:
    made = pod(0, spec_hash=spec_hash)
    made["metadata"] |= {"name": name, "labels": LABELS}
    return waiting(made, *problem) if problem else made


def stopped(**more: Any) -> str:
    with pytest.raises(RolloutStoppedError) as caught:
        ClientRolloutProvider().update("id", props(spec_hash="old"), props(**more))
    return str(caught.value)


def test_a_complete_rollout_is_not_waited_for(kubernetes: FakeKubernetes) -> None:
    deployment(kubernetes)
    daemon_set(kubernetes)

    for wanted, version in ((props(), "d/2"), (props(kind="daemonsets", replicas=None), "s/1")):
        result = ClientRolloutProvider().create(wanted)
        assert (result.id, result.outs) == ("dev-client", wanted | {"version": version})


@pytest.mark.parametrize(
    "status",
    [
        {"observed": 1},
        {"updatedReplicas": 1},
        {"availableReplicas": 1},
        {"replicas": 3},
    ],
    ids=["not observed", "outdated", "not ready", "old pods terminating"],
)
def test_a_deployment_is_waited_for_until_its_rollout_is_complete(
    kubernetes: FakeKubernetes, status: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment(kubernetes, **status)
    sleeps: list[float] = []

    def later(seconds: float) -> None:
        sleeps.append(seconds)
        if len(sleeps) == 3:
            deployment(kubernetes)

    monkeypatch.setattr(client_rollout.time, "sleep", later)

    assert ClientRolloutProvider().update("id", props(spec_hash="old"), props()).outs == props(version="d/2")
    assert len(sleeps) == 3


@pytest.mark.parametrize("status", [{"updatedNumberScheduled": 1}, {"numberAvailable": 1}], ids=str)
def test_a_daemon_set_is_waited_for(kubernetes: FakeKubernetes, status: dict[str, int]) -> None:
    daemon_set(kubernetes, **status)

    assert stopped(kind="daemonsets") == f"dev-client: 1 of 2 clients run the new specification{AGAIN}"


def test_a_client_in_a_crash_loop_is_not_waited_for(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_readiness, "TIMEOUT", 60.0)
    monkeypatch.setattr(pod_readiness, "UNRECOVERABLE_TIMEOUT", 60.0)
    deployment(kubernetes, updatedReplicas=1, availableReplicas=1)
    crashing = client("dev-client-b", problem=("CrashLoopBackOff", "back-off 20s"))
    crashing["status"]["containerStatuses"][0] |= {
        "restartCount": 2,
        "lastState": {"terminated": {"message": "==> invalid configuration key: nonsense"}},
    }
    kubernetes.pods = {"a": client("dev-client-a"), "b": crashing}

    assert stopped() == (
        "dev-client: 1 of 2 clients run the new specification "
        f"(dev-client-b: CrashLoopBackOff: ==> invalid configuration key: nonsense){AGAIN}"
    )


def test_a_client_without_its_image_is_not_waited_for_long(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_readiness, "TIMEOUT", 60.0)
    deployment(kubernetes, availableReplicas=0)
    kubernetes.pods = {"a": client("dev-client-a", problem=("ImagePullBackOff", "no such image"))}

    assert stopped() == (
        f"dev-client: 0 of 2 clients run the new specification (dev-client-a: ImagePullBackOff: no such image){AGAIN}"
    )


def test_an_old_client_that_crashes_does_not_stop_the_rollout(kubernetes: FakeKubernetes) -> None:
    deployment(kubernetes, availableReplicas=1)
    old = client("dev-client-old", spec_hash="old", problem=("CrashLoopBackOff", ""))
    kubernetes.pods = {"old": old, "new": client("dev-client-new", problem=("", ""))}

    assert stopped() == (
        f"dev-client: 1 of 2 clients run the new specification (dev-client-new: knows no leader){AGAIN}"
    )


@pytest.mark.parametrize("kind", ["deployments", "daemonsets"])
def test_the_reason_why_no_pod_is_created_is_reported(kubernetes: FakeKubernetes, kind: str) -> None:
    failure = {"reason": "FailedCreate", "message": "exceeded quota: small"}
    deployment(kubernetes, availableReplicas=0, conditions=[failure | {"type": "ReplicaFailure", "status": "True"}])
    daemon_set(kubernetes, numberAvailable=0)
    kubernetes.events = [failure | {"lastTimestamp": "2026-01-01T00:00:00Z"}]

    assert stopped(kind=kind) == (
        f"dev-client: 0 of 2 clients run the new specification (FailedCreate: exceeded quota: small){AGAIN}"
    )


@pytest.mark.parametrize("lasting", [False, True], ids=["for a moment", "until the deadline"])
@pytest.mark.parametrize("path", ["/apis/apps/v1", "/api/v1/namespaces/dev/pods"])
def test_an_api_server_that_does_not_answer_is_asked_again(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch, path: str, lasting: bool
) -> None:
    deployment(kubernetes, availableReplicas=1)
    kubernetes.refusals["GET", path] = (503, "etcd is away")

    def answer_again(_seconds: float) -> None:
        if not lasting:
            kubernetes.refusals.clear()
            deployment(kubernetes)

    monkeypatch.setattr(client_rollout.time, "sleep", answer_again)

    if lasting:
        with pytest.raises(UnreachableError, match="etcd is away"):
            ClientRolloutProvider().create(props())
    else:
        assert ClientRolloutProvider().create(props()).id == "dev-client"


def test_clients_that_somebody_deletes_meanwhile_are_reported(kubernetes: FakeKubernetes) -> None:
    assert stopped() == "somebody deleted dev-client meanwhile: run `pulumi refresh`, then `pulumi up`"


def test_b8_clients_that_are_gone_are_refused_until_a_refresh_forgets_them(kubernetes: FakeKubernetes) -> None:
    (failure,) = ClientRolloutProvider().check(props(), props()).failures

    assert failure.reason.startswith("Deployment dev/dev-client does not exist, although the state of this stack")
    assert ClientRolloutProvider().read("id", props()).id is None
    assert ClientRolloutProvider().check({}, props()).failures == []
    assert ClientRolloutProvider().check(props(), props(kind="daemonsets")).failures == []


def test_clients_on_many_nodes_are_waited_for_while_there_is_progress(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon_set(kubernetes, desiredNumberScheduled=8, updatedNumberScheduled=0, numberAvailable=0)
    available = iter(range(1, 9))

    def slowly(_seconds: float) -> None:
        threading.Event().wait(0.1)
        number = next(available)
        daemon_set(kubernetes, desiredNumberScheduled=8, updatedNumberScheduled=number, numberAvailable=number)

    monkeypatch.setattr(client_rollout.time, "sleep", slowly)

    assert ClientRolloutProvider().create(props(kind="daemonsets")).id == "dev-client"


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({}, False),
        ({"spec_hash": "newer"}, True),
        ({"replicas": 3}, True),
        ({"kind": "daemonsets"}, True),
        ({"revision": 2}, True),
        ({"selector": {}}, False),
    ],
    ids=str,
)
def test_another_specification_number_or_kind_is_an_update(
    kubernetes: FakeKubernetes, change: dict[str, Any], changes: bool
) -> None:
    deployment(kubernetes)
    assert ClientRolloutProvider().diff("id", props(version="d/2"), props(**change)).changes is changes


def test_reverted_settings_after_a_failed_rollout_are_an_update(kubernetes: FakeKubernetes) -> None:
    deployment(kubernetes)
    complete = ClientRolloutProvider().create(props()).outs
    assert not ClientRolloutProvider().diff("id", complete, props()).changes

    deployment(kubernetes, generation=4, observed=4)

    assert ClientRolloutProvider().diff("id", complete, props()).changes
    reverted = ClientRolloutProvider().update("id", complete, props()).outs
    assert not ClientRolloutProvider().diff("id", reverted, props()).changes


@pytest.mark.parametrize("answer", [404, 403, 503])
def test_without_an_answer_of_the_api_server_there_is_no_update(kubernetes: FakeKubernetes, answer: int) -> None:
    deployment(kubernetes)
    kubernetes.refusals["GET", "/apis/apps/v1"] = (answer, "no")

    assert not ClientRolloutProvider().diff("id", props(version="d/1"), props()).changes


def test_a_state_without_a_version_is_no_update(kubernetes: FakeKubernetes) -> None:
    deployment(kubernetes)

    assert not ClientRolloutProvider().diff("id", props(), props()).changes

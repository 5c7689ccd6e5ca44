"""PodsEnd: whether it ends the agents of a cluster at once, and which."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.platforms import cluster_end
from consul_on_pulumi.platforms.kubernetes.providers import pods_end
from consul_on_pulumi.platforms.kubernetes.providers.pods_end import PodsEndProvider
from consul_on_pulumi.platforms.kubernetes.tier import CLUSTER_ID, ROLE

from tests.doubles.fake_kubernetes import FakeKubernetes, pod
from tests.doubles.scripted_servers import NAMES, ScriptedServers

SERVERS, CLIENTS, REPLICA_SET = "statefulsets/dev-server", "deployments/dev-client", "replicasets/dev-client-7"
LABELS = {"app.kubernetes.io/instance": "dev"}
PODS = [f"pods/{name} in 1 s" for name in NAMES]
CLIENT = "pods/dev-client-7-8 in 1 s"
PROPS: dict[str, Any] = {
    "cluster": "",
    "cluster_id": "one",
    "data_stays": False,
    "namespace": "dev",
    "workloads": {"server": "StatefulSet/dev-server", "client": "Deployment/dev-client"},
    "selector": LABELS,
    "names": list(NAMES),
    "addresses": [f"http://{name}:8500" for name in NAMES],
    "revision": 1,
}


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    """Three servers and a client of the cluster `one`, and a pod with their labels that is not theirs."""
    with FakeKubernetes(labels={CLUSTER_ID: "one"}) as running:
        running.is_the_current(monkeypatch, tmp_path)
        running.workloads[CLIENTS] = {"metadata": {"uid": "uid-of-clients", "labels": {CLUSTER_ID: "one"}}}
        running.replica_sets = [{"metadata": {"name": "dev-client-7", "uid": "uid-of-set", "labels": LABELS}}]
        for name in ("dev-client-7-8", "dev-other-9"):
            running.pods[name] = pod(0)
            running.pods[name]["metadata"] |= {"name": name, "uid": f"uid-{name}-1"}
        for name, found in running.pods.items():
            found["metadata"]["labels"] |= {**LABELS, ROLE: name.split("-")[1]}
        monkeypatch.setattr(cluster_end, "_staying", set())
        monkeypatch.setattr(pods_end, "INTERVAL", 0.01)
        yield running


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> ScriptedServers:
    """All three run, and no other server is in their cluster."""
    scripted = ScriptedServers()
    monkeypatch.setattr(pods_end, "Servers", lambda *_: scripted)
    return scripted


def test_all_pods_of_the_cluster_have_a_second_to_end_before_a_controller_ends_or_replaces_them(
    kubernetes: FakeKubernetes,
) -> None:
    PodsEndProvider().delete("one", PROPS)

    assert kubernetes.ended == [CLIENTS, REPLICA_SET, *PODS, CLIENT, SERVERS]
    assert list(kubernetes.pods) == ["dev-other-9"]


def test_a_daemon_set_replaces_a_pod_when_it_is_gone(kubernetes: FakeKubernetes) -> None:
    kubernetes.workloads = {"daemonsets/dev-client": kubernetes.workloads[CLIENTS]}
    workloads = {**PROPS["workloads"], "client": "DaemonSet/dev-client"}

    PodsEndProvider().delete("one", PROPS | {"workloads": workloads})

    assert kubernetes.ended == [*PODS, CLIENT, SERVERS, "daemonsets/dev-client"]


def test_no_pod_ends_where_the_data_of_its_cluster_stays(kubernetes: FakeKubernetes) -> None:
    PodsEndProvider().delete("one", PROPS | {"data_stays": True})
    PodsEndProvider().delete("one", PROPS)

    assert kubernetes.asked == []


def test_a_workload_of_another_cluster_is_left_alone(kubernetes: FakeKubernetes) -> None:
    kubernetes.workloads[CLIENTS]["metadata"]["labels"] = {CLUSTER_ID: "two"}

    PodsEndProvider().delete("one", PROPS)

    assert kubernetes.ended == [*PODS, SERVERS]


def test_servers_leave_a_cluster_that_goes_on_without_them(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []
    monkeypatch.setattr(pods_end, "leave_others", lambda _, names: left.extend([*names, *kubernetes.ended]))

    PodsEndProvider().delete("one", PROPS)

    assert left == list(NAMES)


@pytest.mark.parametrize("refusal", [(403, "workloads are forbidden"), (503, "the server is shutting down")])
def test_what_kubernetes_refuses_is_said_and_left_to_the_deletions_that_follow(
    kubernetes: FakeKubernetes, refusal: tuple[int, str]
) -> None:
    kubernetes.refusals["DELETE", "/apis"] = refusal
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("consul_on_pulumi.providers.engine_log.warn", said.append)
        PodsEndProvider().delete("one", PROPS)

    (message,) = said
    assert refusal[1] in message
    assert kubernetes.ended == []


def test_a_pod_that_does_not_end_is_left_to_the_deletion_of_its_workload(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_end, "TIMEOUT", 0.0)
    monkeypatch.setattr(FakeKubernetes, "_end", lambda self, *_: self.labels)

    PodsEndProvider().delete("one", PROPS)

    assert kubernetes.exists


@pytest.mark.parametrize(("key", "updated"), [("names", True), ("addresses", True), ("cluster_id", False)])
def test_another_number_of_servers_is_noted(key: str, updated: bool) -> None:
    assert PodsEndProvider().diff("one", PROPS, PROPS | {key: ["other"]}).changes is updated

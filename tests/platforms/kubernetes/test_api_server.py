"""What the API server, the network and a pod's status say becomes a sentence with what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.platforms.kubernetes.api import api_server
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.api.pod_status import pod_of

from tests.doubles.fake_kubernetes import FakeKubernetes, pod

PATH = "/api/v1/namespaces/dev/pods/dev-server-0"


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    with FakeKubernetes() as running:
        running.is_the_current(monkeypatch, tmp_path)
        yield running


def test_a_connection_that_fails_has_the_address_and_no_text_of_a_library(kubernetes: FakeKubernetes) -> None:
    kubernetes.__exit__()

    with pytest.raises(UnreachableError) as caught:
        ApiServer(Cluster()).find(PATH)

    port = kubernetes._server.server_port
    assert str(caught.value) == (
        f"the Kubernetes API server does not answer (127.0.0.1:{port}: Connection refused): start it, or check the "
        "address in the kubeconfig with `kubectl cluster-info`"
    )


def test_a_missing_kubeconfig_is_said(monkeypatch: pytest.MonkeyPatch, kubernetes: FakeKubernetes) -> None:
    with pytest.raises(
        UnreachableError,
        match=r"does not answer \(kubeconfig: Invalid kube-config file. Expected object with",
    ):
        ApiServer(Cluster(context="nope")).find(PATH)


def test_too_many_requests_are_sent_again_after_the_time_that_was_asked_for(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 3:
            kubernetes.refusals.clear()

    monkeypatch.setattr(api_server.time, "sleep", pause)
    kubernetes.refusals["GET", PATH] = (429, "too many requests")

    assert ApiServer(Cluster()).find(PATH)
    assert paused == [1, 1, 1]


def test_too_many_requests_for_too_long_are_said(kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_server.time, "sleep", lambda _seconds: None)
    kubernetes.refusals["GET", PATH] = (429, "too many requests")

    with pytest.raises(UnreachableError, match="with 429 too many requests: it has too much to do: run it again later"):
        ApiServer(Cluster()).find(PATH)


def stopped(state: dict[str, Any], last: dict[str, Any], component: str = "server") -> str:
    found = pod(0)
    found["metadata"]["labels"]["app.kubernetes.io/component"] = component
    found["status"]["containerStatuses"] = [{"state": state, "lastState": {"terminated": last}}]
    return pod_of(found).problem


@pytest.mark.parametrize(("component", "setting"), [("server", "resources"), ("client", "client_resources")])
def test_a_pod_out_of_memory_names_the_setting(component: str, setting: str) -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}

    assert stopped(waiting, {"reason": "OOMKilled", "exitCode": 137}, component) == (
        f"CrashLoopBackOff: killed for memory (137) at its limit: raise `platform.kubernetes.{setting}.limits.memory`"
    )


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ("pull access denied, repository does not exist or may require authorization", True),
        ("unexpected status from HEAD request: 401 Unauthorized", True),
        ("consul:9: not found", False),
    ],
)
def test_a_registry_that_refuses_names_the_setting(answer: str, refused: bool) -> None:
    problem = stopped({"waiting": {"reason": "ErrImagePull", "message": answer}}, {})

    assert problem.startswith(f"ErrImagePull: {answer}")
    assert ("`platform.kubernetes.image_pull_secrets`" in problem) is refused

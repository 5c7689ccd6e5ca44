"""Every failure of the Kubernetes client names the request, what was answered, and what to do."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.connection import UNKNOWN_YET
from consul_on_pulumi.platforms.kubernetes.api import answers, api_server, pod_exec
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.api.client_workload import Clients
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet
from consul_on_pulumi.platforms.kubernetes.providers.namespace_end import NamespaceEndProvider
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import ScaleDownProvider

from tests.doubles.fake_kubernetes import SET, FakeKubernetes

RAW = re.compile(r"urllib3|HTTPConnectionPool|Max retries|Traceback|Caused by|object at 0x|Error\(|-\+-\+-|Handshake")
"""Text of the libraries."""


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_server.time, "sleep", lambda _seconds: None)


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    with FakeKubernetes() as running:
        running.is_the_current(monkeypatch, tmp_path)
        yield running


FAULTS: dict[str, tuple[int, str, str]] = {
    "signed out": (401, "Unauthorized", answers.SIGN_IN),
    "nobody": (403, 'pods is forbidden: User "system:anonymous" cannot get resource', answers.SIGN_IN),
    "no right": (
        403,
        'User "ann" cannot get resource "pods"',
        "give the user of this kubeconfig",
    ),
    "quota": (403, "exceeded quota: small, requested: pods=1", "raise the ResourceQuota"),
    "pod security": (403, 'violates PodSecurity "restricted:latest"', "`pod-security.kubernetes.io/enforce`"),
    "ending": (403, "unable to create new content because it is being terminated", "wait until the namespace is gone"),
    "resize": (403, "only dynamically provisioned pvc can be resized", "`allowVolumeExpansion`"),
    "too large": (413, "Request entity too large: limit is 3145728", "make its data smaller"),
    "invalid": (422, 'Secret "x" is invalid: metadata.name', "correct the setting that the answer names"),
    "busy": (429, "too many requests", "run it again later"),
    "broken": (500, "etcdserver: request timed out", answers.HEALTH),
    "webhook": (500, 'failed calling webhook "policy.example.com"', "remove the webhook"),
    "starting": (503, "the server is currently unable to handle the request", answers.HEALTH),
    "web server": (200, "<html>It works!</html>", "see what listens at its address"),
    "proxy": (502, "<html>Bad Gateway</html>", answers.HEALTH),
    "path of a proxy": (404, "<html>Not Found</html>", "this cluster does not have that request"),
}
"""Status and text of an answer, and what the message says to do."""

WORKLOAD = {"cluster": "_", "namespace": "dev", "stateful_set": SET}
CLIENTS = {
    "cluster": "_",
    "namespace": "dev",
    "kind": "deployments",
    "workload": "dev-client",
    "selector": {"app": "consul"},
    "spec_hash": "new",
}
REQUESTS: dict[str, Callable[[], Any]] = {
    "find": lambda: ApiServer(Cluster()).find("/api/v1/namespaces/dev/pods/dev-server-0"),
    "patch": lambda: ApiServer(Cluster()).patch("/api/v1/namespaces/dev/pods/dev-server-0", {}),
    "apply": lambda: ApiServer(Cluster()).apply("/api/v1/namespaces/dev/secrets/x", {}),
    "delete": lambda: ApiServer(Cluster()).delete("/api/v1/namespaces/dev/pods/dev-server-0", "uid"),
    "StatefulSet": lambda: StatefulSet(WORKLOAD).status(),
    "claim": lambda: StatefulSet(WORKLOAD).claim("data-dev-server-0"),
    "clients": lambda: Clients(CLIENTS).progress(),
    "ScaleDown": lambda: ScaleDownProvider().create({**WORKLOAD, "replicas": 3, "address": "http://{pod}"}),
    "NamespaceEnd": lambda: NamespaceEndProvider().delete("id", {"cluster": "_", "namespace": "dev"}),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("what", REQUESTS)
def test_a_request_that_fails_names_itself_its_answer_and_what_to_do(
    kubernetes: FakeKubernetes, what: str, fault: str
) -> None:
    status, text, remedy = FAULTS[fault]
    for method in ("GET", "PATCH", "DELETE"):
        kubernetes.refusals[method, "/"] = (status, text)

    with pytest.raises((RefusedError, UnreachableError)) as caught:
        REQUESTS[what]()

    told = str(caught.value)
    assert re.match(r"the Kubernetes API server answered (GET|PATCH|DELETE) /apis?/\S*dev", told)
    assert text in told
    assert remedy in told
    assert not RAW.search(told)


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("kubeconfig: Invalid kube-config file", "correct `platform.kubernetes.kubeconfig` and `context`"),
        ("certificate has expired", "compare the clocks"),
        ("unable to get local issuer certificate", "correct the `certificate-authority`"),
        ("[Errno -2] Name or service not known", "correct the name of the API server"),
        ("127.0.0.1:6443: Connection refused", answers.CHECK),
        (UNKNOWN_YET, "the next update knows it"),
    ],
)
def test_silence_has_a_reason_and_a_remedy(reason: str, remedy: str) -> None:
    told = answers.silence(requests.ConnectionError(reason))

    assert told.startswith(f"the Kubernetes API server does not answer ({reason}): {remedy}")


def test_a_command_that_the_api_server_does_not_run_says_why(kubernetes: FakeKubernetes) -> None:
    kubernetes.refusals["GET", "/api/v1/namespaces/dev/pods"] = (403, 'User "ann" cannot create resource "pods/exec"')

    with pytest.raises(RefusedError) as caught:
        pod_exec.run(Cluster(), "dev", "dev-server-0", "true")

    assert str(caught.value) == (
        'the Kubernetes API server ran no command in dev-server-0: 403 User "ann" cannot create resource "pods/exec": '
        "give the user of this kubeconfig the right to do this, or use another context"
    )


def test_a_command_for_an_api_server_that_is_gone_says_where(kubernetes: FakeKubernetes) -> None:
    kubernetes.__exit__()

    with pytest.raises(RefusedError, match=rf"in dev-server-0: .*Connection refused.*: {re.escape(answers.CHECK)}"):
        pod_exec.run(Cluster(), "dev", "dev-server-0", "true")

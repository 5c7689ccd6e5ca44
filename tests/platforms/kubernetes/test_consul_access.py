"""Requests to a pod through a fake API server. Tests on a cluster have a real one with a kubelet."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from consul_on_pulumi.consul import access
from consul_on_pulumi.consul.api import Consul, TooLargeError, UnreachableError
from consul_on_pulumi.platforms.kubernetes import consul_access
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.refusals import SCHEMES
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs

from tests.doubles.fake_consul import FakeConsul
from tests.doubles.fake_kubernetes import FakeKubernetes

HERE = Cluster()
POD = "dev-server-0"


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consul: FakeConsul) -> Iterator[FakeKubernetes]:
    """An API server and a pod with Consul on port 8500."""
    with FakeKubernetes() as running:
        running.behind[POD, 8500] = int(consul.addresses[0].rpartition(":")[2])
        running.is_the_current(monkeypatch, tmp_path)
        yield running


def address(method: str = "auto", pod: str = POD, cluster: Cluster = HERE) -> str:
    settings: KubernetesArgs = {"consul_access": method, "namespace": "dev"}
    settings |= {"context": cluster.context, "kubeconfig": cluster.kubeconfig}
    return str(consul_access.server_address(settings, pod))


@pytest.mark.parametrize(
    "cluster",
    [
        Cluster(),
        Cluster("kind-dev"),
        Cluster("arn:aws:eks:eu-west-1:1:cluster/shop"),
        Cluster("", "/home/me/kube config"),
        Cluster("admin@shop;2", "~/.kube/shop"),
    ],
    ids=str,
)
def test_a_cluster_survives_the_way_into_a_url_and_back(cluster: Cluster) -> None:
    assert Cluster.of(cluster.text, {}) == cluster
    assert not set(cluster.text) & set("/:@?#")


def test_an_address_contains_context_namespace_and_pod_and_no_credentials() -> None:
    assert address() == "http+kubernetes://_/dev/dev-server-0:8500"
    assert address("proxy", cluster=Cluster("kind-dev")) == "http+kubernetes-proxy://kind-dev/dev/dev-server-0:8500"


@pytest.mark.parametrize("method", list(SCHEMES))
def test_requests_to_a_pod_work_like_those_to_any_address(
    kubernetes: FakeKubernetes, consul: FakeConsul, method: str
) -> None:
    consul_api = Consul([address(method)], {}, timeout=5)
    consul.write("a b/c", "one")

    assert consul_api.leader() == consul.leader
    consul_api.put("large", b"x" * 70_000, 0)
    assert {key: len(stored.seed.value) for key, stored in consul_api.keys_below("").items()} == {
        "a b/c": 3,
        "large": 70_000,
    }


@pytest.mark.parametrize(
    ("method", "used"),
    [("auto", "FORWARD"), ("port-forward", "FORWARD"), ("proxy", "GET")],
    ids=["auto", "forward", "proxy"],
)
def test_port_forwarding_is_used_unless_the_setting_is_proxy(
    kubernetes: FakeKubernetes, method: str, used: str
) -> None:
    Consul([address(method)], {}, timeout=5).leader()

    assert {verb for verb, _ in kubernetes.asked} == {used}


def test_the_proxy_is_used_from_then_on_if_port_forwarding_is_refused(kubernetes: FakeKubernetes) -> None:
    kubernetes.forwards = 403
    consul_api = Consul([address()], {}, timeout=5)

    consul_api.leader()
    consul_api.leader()

    assert [method for method, _ in kubernetes.asked] == ["FORWARD", "GET", "GET"]


def test_a_later_run_in_the_same_process_asks_for_a_forwarded_port_again(kubernetes: FakeKubernetes) -> None:
    forwards, kubernetes.forwards = kubernetes.forwards, 403
    Consul([address()], {}, timeout=5).leader()
    kubernetes.forwards = forwards
    kubernetes.asked.clear()

    Consul([address()], {}, timeout=5).leader()

    assert {method for method, _ in kubernetes.asked} == {"FORWARD"}


def test_a_refused_port_forward_is_an_error_if_the_setting_is_port_forward(kubernetes: FakeKubernetes) -> None:
    kubernetes.forwards = 403

    with pytest.raises(UnreachableError, match="the API server refused to forward a port: 403"):
        Consul([address("port-forward")], {}, timeout=0).keys_below("a")


@pytest.mark.parametrize("method", list(SCHEMES))
def test_bug_a_missing_pod_is_not_a_missing_key(kubernetes: FakeKubernetes, method: str) -> None:
    with pytest.raises(UnreachableError):
        Consul([address(method, "dev-server-9")], {}, timeout=0).keys_below("a")


def test_the_message_of_the_api_server_is_reported(kubernetes: FakeKubernetes) -> None:
    kubernetes.refusals["GET", "/api/v1/namespaces/dev/pods/dev-server-0:8500/proxy"] = (403, "pods/proxy is forbidden")

    with pytest.raises(UnreachableError, match="pods/proxy is forbidden"):
        Consul([address("proxy")], {}, timeout=0).keys_below("a")


@pytest.mark.parametrize("method", list(SCHEMES))
def test_a_refusal_by_consul_is_reported_as_such(kubernetes: FakeKubernetes, method: str) -> None:
    with pytest.raises(TooLargeError) as caught:
        Consul([address(method)], {}, timeout=0).put("too-large", b"x" * 600_000, 0)

    assert str(caught.value).startswith(f"{address(method)} answered PUT /v1/kv/too-large with 413 Request body")


@pytest.mark.parametrize("method", list(SCHEMES))
def test_headers_are_passed_to_consul(kubernetes: FakeKubernetes, consul: FakeConsul, method: str) -> None:
    session = access.session({})
    session.headers["X-Consul-Token"] = "t0ken"

    answer = session.get(f"{address(method)}/v1/status/leader", timeout=5)

    assert answer.json() == consul.leader
    assert answer.request.headers["X-Consul-Token"] == "t0ken"


def test_port_forwarding_works_again_after_a_pod_was_replaced(kubernetes: FakeKubernetes, three: FakeConsul) -> None:
    session = access.session({})
    session.get(f"{address('port-forward')}/v1/status/leader", timeout=5)
    kubernetes.behind[POD, 8500] = int(three.addresses[2].rpartition(":")[2])
    session.close()

    session.get(f"{address('port-forward')}/v1/status/leader", timeout=5)

    assert [one.server for one in three.requests] == [2]


def test_one_forwarded_port_serves_many_connections(kubernetes: FakeKubernetes, consul: FakeConsul) -> None:
    leaders: list[str] = []

    def ask() -> None:
        leaders.append(Consul([address()], {}, timeout=5).leader())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert leaders == [consul.leader] * 8


@pytest.mark.parametrize("method", list(SCHEMES))
def test_a_missing_kubeconfig_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(kubeconfig, "_loaded", {})

    with pytest.raises(UnreachableError, match="kubeconfig: Invalid kube-config file"):
        Consul([address(method)], {}, timeout=0).keys_below("a")


def test_an_address_may_name_a_context_and_a_kubeconfig(
    kubernetes: FakeKubernetes, consul: FakeConsul, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    file = kubernetes.kubeconfig(tmp_path / "shop", context="shop@eu")
    monkeypatch.delenv("KUBECONFIG")

    named = address(cluster=Cluster("shop@eu", str(file)))

    assert Consul([named], {}, timeout=5).leader() == consul.leader
    with pytest.raises(UnreachableError, match="kubeconfig"):
        Consul([address(cluster=Cluster("other", str(file)))], {}, timeout=0).keys_below("a")


def test_an_address_without_a_pod_is_refused() -> None:
    with pytest.raises(requests.exceptions.InvalidURL, match="does not name a pod"):
        access.session({}).get("http+kubernetes://_/dev/v1/status/leader", timeout=5)


RACE = """
import sys, threading
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig, port_forward

here = kubeconfig.Cluster()
first = threading.Thread(target=kubeconfig.access, args=(here,))
first.start()
while "kubernetes.client" not in sys.modules:
    pass
port_forward._connect((here, "dev", "dev-server-0", 8500)).close()
first.join()
"""


def test_c11_threads_that_use_the_kubernetes_client_for_the_first_time_at_once(
    kubernetes: FakeKubernetes, tmp_path: Path
) -> None:
    env = {**os.environ, "KUBECONFIG": str(kubernetes.kubeconfig(tmp_path))}

    done = subprocess.run([sys.executable, "-c", RACE], env=env, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")

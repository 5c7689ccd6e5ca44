"""How a pod is reached through an API server. A real one, with a kubelet behind it, is for the tests on a cluster."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from consul_on_pulumi.consul import access
from consul_on_pulumi.consul.api import Consul, RefusedError, UnreachableError
from consul_on_pulumi.platforms.kubernetes import consul_access
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.consul_access import AccessMethod

from tests.doubles.fake_consul import FakeConsul
from tests.doubles.fake_kubernetes import FakeKubernetes

HERE = Cluster()
POD = "dev-server-0"


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consul: FakeConsul) -> Iterator[FakeKubernetes]:
    """An API server, and behind a pod's port 8500 a Consul."""
    with FakeKubernetes() as running:
        running.behind[POD, 8500] = int(consul.addresses[0].rpartition(":")[2])
        running.is_the_current(monkeypatch, tmp_path)
        yield running


def address(way: AccessMethod = AccessMethod.AUTO, pod: str = POD) -> str:
    return consul_access.address(HERE, "dev", pod, 8500, method=way)


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
def test_a_cluster_is_one_word_of_a_url_and_comes_out_of_it_again(cluster: Cluster) -> None:
    assert Cluster.of(cluster.text) == cluster
    assert not set(cluster.text) & set("/:@?#")


def test_an_address_names_context_namespace_and_pod_and_no_credentials() -> None:
    assert address() == "http+kubernetes://_/dev/dev-server-0:8500"
    assert consul_access.address(Cluster("kind-dev"), "dev", POD, 8501, scheme="https", method=AccessMethod.PROXY) == (
        "https+kubernetes-proxy://kind-dev/dev/dev-server-0:8501"
    )


@pytest.mark.parametrize("way", list(AccessMethod), ids=lambda way: way.name)
def test_a_pod_is_asked_like_any_other_address(
    kubernetes: FakeKubernetes, consul: FakeConsul, way: AccessMethod
) -> None:
    asking = Consul([address(way)], timeout=5)
    consul.write("a b/c", "one")

    assert asking.leader() == consul.leader
    asking.put("large", b"x" * 70_000, 0)
    assert {key: len(stored.seed.value) for key, stored in asking.keys_below("").items()} == {
        "a b/c": 3,
        "large": 70_000,
    }


@pytest.mark.parametrize(
    ("way", "by"),
    [(AccessMethod.AUTO, "FORWARD"), (AccessMethod.FORWARD, "FORWARD"), (AccessMethod.PROXY, "GET")],
    ids=["auto", "forward", "proxy"],
)
def test_a_tunnel_is_taken_unless_the_proxy_is_asked_for(
    kubernetes: FakeKubernetes, way: AccessMethod, by: str
) -> None:
    Consul([address(way)], timeout=5).leader()

    assert {method for method, _ in kubernetes.asked} == {by}


def test_where_no_port_is_forwarded_the_proxy_is_taken_and_remembered(kubernetes: FakeKubernetes) -> None:
    kubernetes.forwards = 403
    asking = Consul([address()], timeout=5)

    asking.leader()
    asking.leader()

    assert [method for method, _ in kubernetes.asked] == ["FORWARD", "GET", "GET"]


def test_where_only_a_tunnel_will_do_its_refusal_is_told(kubernetes: FakeKubernetes) -> None:
    kubernetes.forwards = 403

    with pytest.raises(UnreachableError, match="the API server refused to forward a port: 403"):
        Consul([address(AccessMethod.FORWARD)], timeout=0).keys_below("a")


@pytest.mark.parametrize("way", list(AccessMethod), ids=lambda way: way.name)
def test_bug_a_pod_that_is_missing_is_no_key_that_is_missing(kubernetes: FakeKubernetes, way: AccessMethod) -> None:
    with pytest.raises(UnreachableError):
        Consul([address(way, "dev-server-9")], timeout=0).keys_below("a")


def test_what_the_api_server_refuses_is_told_in_its_words(kubernetes: FakeKubernetes) -> None:
    kubernetes.refusals["GET", "/api/v1/namespaces/dev/pods/dev-server-0:8500/proxy"] = (403, "pods/proxy is forbidden")

    with pytest.raises(UnreachableError, match="pods/proxy is forbidden"):
        Consul([address(AccessMethod.PROXY)], timeout=0).keys_below("a")


@pytest.mark.parametrize("way", list(AccessMethod), ids=lambda way: way.name)
def test_what_consul_refuses_is_told_as_consuls(kubernetes: FakeKubernetes, way: AccessMethod) -> None:
    with pytest.raises(RefusedError, match="413"):
        Consul([address(way)], timeout=0).put("too-large", b"x" * 600_000, 0)


@pytest.mark.parametrize("way", list(AccessMethod), ids=lambda way: way.name)
def test_a_header_for_consul_passes_through(kubernetes: FakeKubernetes, consul: FakeConsul, way: AccessMethod) -> None:
    opened = access.session()
    opened.headers["X-Consul-Token"] = "t0ken"

    answer = opened.get(f"{address(way)}/v1/status/leader", timeout=5)

    assert answer.json() == consul.leader
    assert answer.request.headers["X-Consul-Token"] == "t0ken"


def test_a_tunnel_is_dug_anew_after_its_pod_was_replaced(kubernetes: FakeKubernetes, three: FakeConsul) -> None:
    opened = access.session()
    opened.get(f"{address(AccessMethod.FORWARD)}/v1/status/leader", timeout=5)
    kubernetes.behind[POD, 8500] = int(three.addresses[2].rpartition(":")[2])
    opened.close()

    opened.get(f"{address(AccessMethod.FORWARD)}/v1/status/leader", timeout=5)

    assert [one.server for one in three.requests] == [2]


def test_many_may_use_one_tunnel_at_once(kubernetes: FakeKubernetes, consul: FakeConsul) -> None:
    said: list[str] = []

    def ask() -> None:
        said.append(Consul([address()], timeout=5).leader())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said == [consul.leader] * 8


@pytest.mark.parametrize("way", list(AccessMethod), ids=lambda way: way.name)
def test_without_a_kubeconfig_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: AccessMethod
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(kubeconfig, "_loaded", {})

    with pytest.raises(UnreachableError, match="kubeconfig: Invalid kube-config file"):
        Consul([address(way)], timeout=0).keys_below("a")


def test_a_context_and_a_kubeconfig_are_found_by_their_names(
    kubernetes: FakeKubernetes, consul: FakeConsul, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    file = kubernetes.kubeconfig(tmp_path / "shop", context="shop@eu")
    monkeypatch.delenv("KUBECONFIG")

    named = consul_access.address(Cluster("shop@eu", str(file)), "dev", POD, 8500)

    assert Consul([named], timeout=5).leader() == consul.leader
    with pytest.raises(UnreachableError, match="kubeconfig"):
        Consul([consul_access.address(Cluster("other", str(file)), "dev", POD, 8500)], timeout=0).keys_below("a")


def test_what_names_no_pod_is_no_address() -> None:
    with pytest.raises(requests.exceptions.InvalidURL, match="does not name a pod"):
        access.session().get("http+kubernetes://_/dev/v1/status/leader", timeout=5)

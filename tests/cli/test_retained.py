"""What `consul-on-pulumi retained-data` says after a destroy, on every platform."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker import operations as docker_operations
from consul_on_pulumi.platforms.kubernetes import operations as kubernetes_operations
from consul_on_pulumi.platforms.kubernetes.platform import create
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import selector
from docker.errors import DockerException

from tests.cli.conftest import Stack
from tests.doubles.fake_docker import FakeDocker
from tests.doubles.fake_kubernetes import FakeKubernetes

RETAINED = {"name": "dev", "platform": {"kubernetes": {"namespace": "dev", "retain_data": True}}}


def claim(name: str, cluster: str = "dev", **metadata: Any) -> dict[str, Any]:
    labels = selector(cluster, Role.SERVER)
    return {"metadata": {"name": name, "namespace": "dev", "labels": labels} | metadata}


def claims(kubernetes: FakeKubernetes, *found: dict[str, Any]) -> None:
    """These claims exist, and no StatefulSet does."""
    kubernetes.claims = {one["metadata"]["name"]: one for one in found}
    kubernetes.refusals["GET", "/apis/apps/v1/namespaces/dev/statefulsets/"] = (404, "not found")


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["retained-data", "--stack", "dev", *options]) == 0
    return capsys.readouterr().out.splitlines()


def volumes(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """A Docker engine with these unused volumes, each of the cluster that its name begins with."""
    found = [
        SimpleNamespace(name=name, attrs={"Labels": {"consul.cluster": name.split("-server-")[0]}}) for name in names
    ]

    @contextmanager
    def connect(_connection: Any) -> Iterator[Any]:
        yield SimpleNamespace(volumes=SimpleNamespace(list=lambda filters: found))

    monkeypatch.setattr(engine, "connect", connect)


def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", refused)


def test_claims_that_nothing_deletes_any_more_are_listed(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings=RETAINED)
    claims(
        api_server,
        claim("data-dev-server-1"),
        claim("data-dev-server-0"),
        claim("data-dev-server-2", deletionTimestamp="2026-01-01T00:00:00Z"),
        claim("data-dev-server-3", ownerReferences=[{"kind": "StatefulSet"}]),
        claim("data-other-server-0", cluster="other"),
        claim("data-dev-consul-server-0"),
    )

    assert printed(capsys) == [
        "the data of dev was retained, and the next `pulumi up` uses it again: data-dev-server-0, data-dev-server-1",
        "to delete it permanently: "
        "kubectl --namespace dev delete persistentvolumeclaim data-dev-server-0 data-dev-server-1",
    ]


def test_the_command_names_the_kubernetes_cluster_of_the_settings(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings={"name": "dev", "platform": {"kubernetes": {"namespace": "dev", "context": "here"}}})
    claims(api_server, claim("data-dev-server-0"))

    assert "kubectl --context here --namespace dev " in printed(capsys)[1]


def test_claims_in_use_are_not_listed(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings=RETAINED)
    claims(api_server, claim("data-dev-server-0"))
    api_server.refusals.clear()

    assert printed(capsys) == []


def test_nothing_is_printed_where_nothing_was_retained(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings=RETAINED)

    assert printed(capsys) == []


def test_an_api_server_that_refuses_is_reported_in_one_sentence(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings=RETAINED)
    api_server.refusals["GET", "/api/v1/namespaces/dev/"] = (403, "you may not list")

    (line,) = printed(capsys)
    assert line.startswith(
        "whether data was retained on kubernetes is unknown: the Kubernetes API server answered GET /api/v1/"
    )
    assert "with 403 you may not list: give the user of this kubeconfig" in line


@pytest.mark.parametrize("retain", [True, False])
def test_an_engine_that_does_not_answer_is_reported_where_data_was_to_be_retained(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], retain: bool
) -> None:
    stack(settings={"platform": {"docker": {"retain_data": retain}}})
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    no_engine(monkeypatch)

    expected = (
        "whether data was retained on docker is unknown: the Docker engine at its socket does not answer (connection "
        "refused): start it or check $DOCKER_HOST"
    )
    assert printed(capsys) == ([expected] if retain else [])


def test_volumes_of_the_cluster_that_the_settings_name(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings={"name": "c", "platform": {"docker": {}}})
    volumes(monkeypatch, "c-server-1-data", "c-server-0-data", "other-dev-server-0-data")

    assert printed(capsys) == [
        "the data of c was retained, and the next `pulumi up` uses it again: c-server-0-data, c-server-1-data",
        "to delete it permanently: docker volume rm c-server-0-data c-server-1-data",
    ]


def test_without_a_name_in_the_settings_the_default_name_of_a_cluster_is_found(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings={"platform": {"docker": {}}})
    volumes(monkeypatch, "orders-dev-server-0-data", "orders-prod-server-0-data")

    assert printed(capsys)[1:] == ["to delete it permanently: docker volume rm orders-dev-server-0-data"]


def test_without_settings_in_the_stack_the_name_of_the_cluster_is_required(stack: Stack) -> None:
    stack()

    with pytest.raises(SystemExit, match="--cluster: required, because no value in the configuration of dev has a"):
        main(["retained-data", "--stack", "dev"])


def test_without_settings_in_the_stack_a_cluster_is_found_by_its_name_on_every_platform(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack()
    volumes(monkeypatch, "orders-server-0-data")

    lines = printed(capsys, "--cluster", "orders")
    assert "to delete it permanently: docker volume rm orders-server-0-data" in lines


def test_b1_the_claims_of_the_servers_are_the_data_of_a_cluster(api_server: FakeKubernetes) -> None:
    claims(api_server, claim("data-dev-server-0"), claim("data-other-server-0", cluster="other"))
    location: Any = create(KubernetesArgs(namespace="dev")).location(
        Topology(cluster="dev", datacenter="dc1", servers=1)
    )

    assert kubernetes_operations.data(location, {}) == ["data-dev-server-0"]


def test_b1_the_volumes_of_the_servers_are_the_data_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    found = FakeDocker()
    for name, cluster in (("dev-server-0", "dev"), ("dev-client-0", "dev"), ("dev-server-1", "other")):
        found.volume(f"{name}-data", cluster=cluster)
    monkeypatch.setattr(docker, "from_env", lambda **_: found)

    assert docker_operations.data({"platform": "docker", "cluster": "dev"}, {}) == ["dev-server-0-data"]

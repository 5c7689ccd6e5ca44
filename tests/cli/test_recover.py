"""What `consul-on-pulumi recover` does, and where it does nothing."""

from types import ModuleType, SimpleNamespace

import pytest
from consul_on_pulumi.cli import recover
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.model import rollout
from consul_on_pulumi.platforms.docker import operations as docker_operations
from docker.errors import DockerException

from tests.cli.conftest import Stack, cluster
from tests.doubles.fake_consul import FakeConsul, Fault
from tests.doubles.fake_kubernetes import FakeKubernetes

CONTAINER = "docker:index/container:Container"


@pytest.fixture(autouse=True)
def short_election(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "ELECTION", 0.5)


def test_on_kubernetes_a_lost_quorum_is_not_recovered_and_the_alternative_is_named(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul
) -> None:
    stack()
    three.fail(Fault.NO_LEADER, times=1000)

    with pytest.raises(SystemExit, match=r"cannot be recovered on Kubernetes.*consul-on-pulumi restore"):
        main(["recover", "--stack", "dev"])


def test_a_cluster_with_a_leader_is_not_recovered(
    stack: Stack, api_server: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack()
    monkeypatch.setattr(rollout, "has_quorum", lambda view: True)

    with pytest.raises(SystemExit, match="the cluster has a leader, so there is nothing to recover"):
        main(["recover", "--stack", "dev"])


def test_no_volume_counts_as_lost_because_the_engine_does_not_answer(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(clusters=[cluster("consul", {"dev-server-0": "http://127.0.0.1:1"}, CONTAINER)])

    def has_data(server: str) -> bool:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker_operations, "has_data", has_data)
    with pytest.raises(SystemExit, match="recovery failed: connection refused"):
        main(["recover", "--stack", "dev"])


@pytest.mark.parametrize("existing", [["b"], []])
def test_a_server_that_is_stopped_has_to_be_started_first(existing: list[str]) -> None:
    platform = SimpleNamespace(UNSUPPORTED="", FAILURES=(), has_data=lambda server: server in existing)
    expected = "b may have newer data: b does not answer. Start it first" if existing else "no server has data"

    with pytest.raises(SystemExit, match=expected):
        recover.recover({"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"}, platform)


def test_every_platform_says_whether_it_recovers() -> None:
    from consul_on_pulumi.platforms.kubernetes import operations as kubernetes_operations

    modules: list[ModuleType] = [docker_operations, kubernetes_operations]
    assert [bool(module.UNSUPPORTED) for module in modules] == [False, True]

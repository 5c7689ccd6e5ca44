"""What `make recover` says where the servers are pods."""

import pytest
from consul_on_pulumi.cli import recover
from consul_on_pulumi.cli.docker import MISSING, docker
from consul_on_pulumi.model import rollout

from tests.cli.conftest import Stack
from tests.doubles.fake_consul import FakeConsul, Fault
from tests.doubles.fake_kubernetes import FakeKubernetes


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "ELECTION", 0.5)


def test_a_lost_quorum_of_pods_is_left_alone_and_the_way_out_is_named(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul
) -> None:
    stack()
    three.fail(Fault.NO_LEADER, times=1000)

    with pytest.raises(SystemExit, match=r"not recovered on Kubernetes.*restore a snapshot.*STACK=dev"):
        recover.main("dev")


def test_nobody_is_told_to_destroy_a_cluster_that_has_a_leader(
    stack: Stack, api_server: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack()
    monkeypatch.setattr(rollout, "serves", lambda seen: True)

    with pytest.raises(SystemExit, match="the cluster has a leader, so there is nothing to recover"):
        recover.main("dev")


def test_no_volume_counts_as_lost_because_nobody_can_be_asked(stack: Stack) -> None:
    assert docker("version").returncode == MISSING
    with pytest.raises(SystemExit, match=r"dev-server-0 .*cannot be told: there is no docker command"):
        recover._holds_data("dev-server-0")

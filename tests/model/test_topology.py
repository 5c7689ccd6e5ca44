import dataclasses

import pytest
from consul_on_pulumi.model.topology import (
    Role,
    Topology,
    bootstrap_expect,
    failure_tolerance,
    quorum,
)
from hypothesis import given
from hypothesis import strategies as some

SIZES = [1, 3, 5, 7]


@pytest.mark.parametrize(("servers", "voters", "losses"), [(1, 1, 0), (3, 2, 1), (5, 3, 2), (7, 4, 3)])
def test_a_cluster_works_with_a_majority_and_survives_the_loss_of_the_rest(
    servers: int, voters: int, losses: int
) -> None:
    assert (quorum(servers), failure_tolerance(servers)) == (voters, losses)


@given(some.integers(1, 1000))
def test_two_halves_of_a_cluster_never_both_have_a_quorum(servers: int) -> None:
    assert 2 * quorum(servers) > servers
    assert 2 * (quorum(servers) - 1) <= servers


@pytest.mark.parametrize("servers", SIZES)
def test_a_new_cluster_waits_for_all_its_servers(servers: int) -> None:
    assert bootstrap_expect(servers, servers) == servers


@pytest.mark.parametrize(("initial_servers", "servers"), [(3, 5), (3, 7), (5, 3), (7, 3)])
def test_scaling_does_not_change_bootstrap_expect(initial_servers: int, servers: int) -> None:
    assert bootstrap_expect(initial_servers, servers) == initial_servers


@pytest.mark.parametrize("servers", [3, 5, 7])
def test_no_server_of_a_grown_cluster_expects_only_itself(servers: int) -> None:
    assert bootstrap_expect(1, servers) == 3


@pytest.mark.parametrize("initial_servers", [3, 5, 7])
def test_a_single_server_waits_for_no_other_whatever_the_initial_size(initial_servers: int) -> None:
    assert bootstrap_expect(initial_servers, 1) == 1


def test_a_topology_has_no_clients_by_default_and_cannot_be_changed() -> None:
    topology = Topology(cluster="dev", datacenter="dc1", servers=3)

    assert topology.clients == 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        topology.servers = 5  # type: ignore[misc]


def test_roles_have_the_names_that_consul_uses() -> None:
    assert [role.value for role in Role] == ["server", "client"]

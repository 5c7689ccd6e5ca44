from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.docker import addressing
from consul_on_pulumi.settings.refusals import cluster_problems
from hypothesis import given
from hypothesis import strategies as some

SERVERS = some.sampled_from([1, 3, 5, 7])
CLIENTS = some.integers(0, 200)


def topology(servers: int = 3, clients: int = 1) -> Topology:
    return Topology(cluster="dev", datacenter="dc1", servers=servers, clients=clients)


def agents(of: Topology) -> Iterator[tuple[Role, int]]:
    yield from ((Role.SERVER, ordinal) for ordinal in range(of.servers))
    yield from ((Role.CLIENT, ordinal) for ordinal in range(of.clients))


def problems(of: Topology, **settings: Any) -> list[str]:
    described = {"subnet": "10.9.0.0/24", **settings}
    found, *_ = cluster_problems({"servers": of.servers, "clients": of.clients, "platform": {"docker": described}})
    return found


@pytest.mark.parametrize(
    ("role", "ordinal", "address", "port"),
    [
        (Role.SERVER, 0, "172.30.0.2", 8500),
        (Role.SERVER, 6, "172.30.0.8", 8506),
        (Role.CLIENT, 0, "172.30.0.9", 8507),
        (Role.CLIENT, 5, "172.30.0.14", 8512),
    ],
)
def test_an_agent_has_this_address_and_port_in_a_cluster_of_any_size(
    role: Role, ordinal: int, address: str, port: int
) -> None:
    assert addressing.address("172.30.0.0/24", role, ordinal) == address
    assert addressing.port(8500, role, ordinal) == port


def test_the_host_is_at_the_first_address_and_others_are_served_from_the_upper_half() -> None:
    assert addressing.address_management("172.30.0.0/24") == {
        "subnet": "172.30.0.0/24",
        "gateway": "172.30.0.1",
        "ip_range": "172.30.0.128/25",
    }


@given(SERVERS, CLIENTS, some.integers(16, 28))
def test_in_an_accepted_network_no_two_addresses_clash(servers: int, clients: int, prefix: int) -> None:
    subnet, size = f"10.0.0.0/{prefix}", topology(servers, clients)
    if problems(size, subnet=subnet):
        return

    taken = [addressing.address(subnet, *agent) for agent in agents(size)] + [
        addressing.address_management(subnet)["gateway"]
    ]

    lower, upper = IPv4Network(subnet).subnets()
    assert len(set(taken)) == len(taken)
    assert all(IPv4Address(address) in lower and IPv4Address(address) != lower[0] for address in taken)
    assert addressing.address_management(subnet)["ip_range"] == str(upper)


@given(SERVERS, CLIENTS)
def test_the_network_that_a_refusal_asks_for_is_the_smallest_that_is_accepted(servers: int, clients: int) -> None:
    size = topology(servers, clients)
    (refusal,) = problems(size, subnet="10.0.0.0/30")
    prefix = int(refusal.removeprefix("cluster.platform.docker.subnet: expected /").split()[0])

    assert problems(size, subnet=f"10.0.0.0/{prefix}") == []
    assert problems(size, subnet=f"10.0.0.0/{prefix + 1}") != []


@given(SERVERS, CLIENTS, some.integers(-10, 70000), some.integers(-10, 70000))
def test_accepted_ports_are_real_ones_and_never_shared(servers: int, clients: int, http: int, dns: int) -> None:
    size = topology(servers, clients)
    if problems(size, http_port=http, dns_port=dns):
        return

    taken = [addressing.port(first, *agent) for first in (http, dns) for agent in agents(size)]

    assert len(set(taken)) == len(taken)
    assert min(taken) >= 1
    assert max(taken) <= 65535


@pytest.mark.parametrize("subnet", ["172.30.0.0/24", "10.0.0.0/8", "192.168.7.0/27"])
def test_private_networks_with_enough_room_are_accepted(subnet: str) -> None:
    assert problems(topology(), subnet=subnet) == []


@pytest.mark.parametrize("subnet", ["", "lan", "172.30.0.0/33", "172.30.0.1/24", "172.30.0.0/24 "])
def test_what_is_no_network_is_refused(subnet: str) -> None:
    assert problems(topology(), subnet=subnet) == [
        f"cluster.platform.docker.subnet: expected a private IPv4 network such as 172.30.0.0/24, got {subnet!r}"
    ]


@pytest.mark.parametrize("subnet", ["8.8.8.0/24", "fd00::/64"])
def test_networks_that_are_not_private_or_not_ipv4_are_refused(subnet: str) -> None:
    assert problems(topology(), subnet=subnet) == [
        f"cluster.platform.docker.subnet: expected a private IPv4 network such as 172.30.0.0/24, got {subnet!r}"
    ]


@pytest.mark.parametrize("subnet", ["127.0.0.0/24", "169.254.0.0/16", "0.0.0.0/8", "255.255.255.0/24"])
def test_bug_networks_that_no_container_can_be_in_are_refused(subnet: str) -> None:
    assert problems(topology(), subnet=subnet) == [
        f"cluster.platform.docker.subnet: expected a private IPv4 network such as 172.30.0.0/24, got {subnet!r}"
    ]


def test_a_network_that_is_too_small_is_refused_with_the_size_that_fits() -> None:
    assert problems(topology(3, 7), subnet="172.30.0.0/27") == []
    assert problems(topology(3, 8), subnet="172.30.0.0/27") == [
        "cluster.platform.docker.subnet: expected /26 or larger for 17 fixed addresses in its lower half, "
        "got '172.30.0.0/27'"
    ]


@pytest.mark.parametrize(("http", "clients", "highest"), [(65534, 0, 65533), (65530, 2, 65527)])
def test_ports_out_of_range_are_refused_with_the_highest_first_one(http: int, clients: int, highest: int) -> None:
    assert problems(topology(3, clients), http_port=http) == [
        f"cluster.platform.docker.http_port: expected a port from 1 to {highest}, "
        f"so that every agent has one, got {http}"
    ]


def test_port_ranges_that_overlap_are_refused_with_the_first_shared_port() -> None:
    assert problems(topology(3, 1), http_port=8500, dns_port=8502) == [
        "cluster.platform.docker.dns_port: expected ports other than those of http_port, got 8502, which shares 8502"
    ]


@pytest.mark.parametrize("memory", [63, 0, -1])
def test_memory_that_no_agent_can_start_with_is_refused(memory: int) -> None:
    assert problems(topology(), memory_mib=memory) == [
        f"cluster.platform.docker.memory_mib: expected 64 or more, got {memory}"
    ]


def test_the_least_memory_is_accepted() -> None:
    assert problems(topology(), memory_mib=64) == []


def test_a_port_below_one_is_refused() -> None:
    assert problems(topology(), http_port=0) == [
        "cluster.platform.docker.http_port: expected a port from 1 to 65535, got 0"
    ]


def test_all_problems_are_reported_at_once() -> None:
    assert problems(topology(), subnet="lan", http_port=65534, dns_port=65535, memory_mib=1) == [
        "cluster.platform.docker.memory_mib: expected 64 or more, got 1",
        "cluster.platform.docker.subnet: expected a private IPv4 network such as 172.30.0.0/24, got 'lan'",
        "cluster.platform.docker.http_port: expected a port from 1 to 65528, so that every agent has one, got 65534",
        "cluster.platform.docker.dns_port: expected a port from 1 to 65528, so that every agent has one, got 65535",
        "cluster.platform.docker.dns_port: expected ports other than those of http_port, got 65535, which shares 65535",
    ]

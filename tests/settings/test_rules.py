"""The rules of a cluster's settings. Their messages are in test_refusals.py."""

import pytest
from consul_on_pulumi.settings.cluster_args import CLUSTER_NAME, DATACENTER, SERVERS
from hypothesis import given
from hypothesis import strategies as some


@pytest.mark.parametrize("name", ["a", "dev", "consul-dev", "a1", "a" * 40, "a--b"])
def test_prefixes_of_host_names_are_accepted(name: str) -> None:
    assert CLUSTER_NAME.accepts(name)


@given(some.from_regex(r"[a-z][a-z0-9-]{0,38}[a-z0-9]", fullmatch=True))
def test_every_prefix_of_a_dns_label_is_accepted(name: str) -> None:
    assert CLUSTER_NAME.accepts(name)


@pytest.mark.parametrize("name", ["", "Dev", "1dev", "-dev", "dev-", "de_v", "de.v", "dev\n", "dév", "a" * 41])
def test_other_prefixes_are_refused(name: str) -> None:
    assert not CLUSTER_NAME.accepts(name)


@pytest.mark.parametrize("datacenter", ["dc1", "eu-west_1", "1"])
def test_datacenters_that_consul_accepts_are_accepted(datacenter: str) -> None:
    assert DATACENTER.accepts(datacenter)


@pytest.mark.parametrize("datacenter", ["", "DC1", "eu west", "dc.1", "dc1\n"])
def test_datacenters_that_consul_refuses_are_refused(datacenter: str) -> None:
    assert not DATACENTER.accepts(datacenter)


@pytest.mark.parametrize("servers", [1, 3, 5, 7])
def test_odd_sizes_up_to_seven_are_accepted(servers: int) -> None:
    assert SERVERS.accepts(servers)


@pytest.mark.parametrize("servers", [-1, 0, 2, 4, 6, 8, 9])
def test_other_sizes_are_refused(servers: int) -> None:
    assert not SERVERS.accepts(servers)

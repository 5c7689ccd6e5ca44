import pytest
from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role, Topology
from hypothesis import given
from hypothesis import strategies as some

DNS_LABEL = 63


def topology(servers: int) -> Topology:
    return Topology(cluster="dev", datacenter="dc1", servers=servers)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("consul-Prod_EU.1", "consul-prod-eu-1"),
        ("42 Zürich", "z-rich"),
        ("a" * 39 + "-b", "a" * 39),
        ("dev", "dev"),
        ("2026", ""),
    ],
)
def test_b5_a_similar_name_is_one_that_a_cluster_may_have(text: str, name: str) -> None:
    assert naming.similar(text) == name


def test_every_name_starts_with_that_of_the_cluster() -> None:
    assert [
        naming.tier("dev", Role.SERVER),
        naming.tier("dev", Role.CLIENT),
        naming.node("dev", Role.SERVER, 0),
        naming.node("dev", Role.CLIENT, 2),
        naming.volume_of("dev-server-1"),
    ] == ["dev-server", "dev-client", "dev-server-0", "dev-client-2", "dev-server-1-data"]


@pytest.mark.parametrize("servers", [3, 5, 7])
def test_scaling_changes_the_join_list_of_no_agent(servers: int) -> None:
    assert naming.join(topology(servers)) == ["dev-server-0", "dev-server-1", "dev-server-2", "dev-server"]


def test_a_single_server_is_joined_by_its_own_name_and_the_shared_one() -> None:
    assert naming.join(topology(1)) == ["dev-server-0", "dev-server"]


@given(some.from_regex(r"[a-z][a-z0-9-]{0,38}[a-z0-9]", fullmatch=True), some.sampled_from(Role), some.integers(0, 999))
def test_an_accepted_prefix_leaves_room_for_every_suffix_in_a_dns_label(cluster: str, role: Role, ordinal: int) -> None:
    assert len(naming.volume_of(naming.node(cluster, role, ordinal))) <= DNS_LABEL

"""The rules of a cluster's settings. Their messages are in test_refusals.py."""

import re

import pytest
from consul_on_pulumi.settings.cluster_args import CLUSTER_NAME, DATACENTER, SERVERS
from consul_on_pulumi.settings.image import IMAGE
from hypothesis import given
from hypothesis import strategies as some

DIGEST = "@sha256:" + "0a" * 32


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


@pytest.mark.parametrize(
    "image",
    [
        "hashicorp/consul:1.22.7",
        "hashicorp/consul:1.22.7-rc1",
        "docker.io/library/consul:1.15.4",
        "hashicorp/consul-enterprise:1.22.7-ent",
        f"hashicorp/consul{DIGEST}",
        f"hashicorp/consul:1.22{DIGEST}",
        "my.registry/consul:prod",
        "registry.local:5000/consul:1.20.6",
        "localhost:5000/team/con_sul--x:1",
        "[fd00::1]:5000/consul:1.22.7",
        "Registry/consul:1.22.7",
    ],
)
def test_images_that_stay_the_same_are_accepted(image: str) -> None:
    assert IMAGE.accepts(image)
    assert in_schema(image)


@pytest.mark.parametrize(
    "image",
    [
        "",
        "consul",
        "hashicorp/consul",
        "hashicorp/consul:latest",
        "hashicorp/consul:1.22",
        "hashicorp/consul:1",
        "hashicorp/consul:stable",
        "docker.io/hashicorp/consul-enterprise:1.22-ent",
        "library/consul:1.15",
        "localhost:5000/consul",
        "my.registry/consul:latest",
    ],
)
def test_images_that_may_be_others_tomorrow_are_refused(image: str) -> None:
    assert not IMAGE.accepts(image)
    assert not in_schema(image)


@pytest.mark.parametrize(
    "image",
    [
        "hashicorp/consul:1.22.7 ",
        " hashicorp/consul:1.22.7",
        "hashicorp/consul:1.22.7\n",
        "hashicorp/consul@sha256:zz",
        f"hashicorp/consul{DIGEST.upper()}",
        "Reg/Consul:1.22.7",
        "hashicorp//consul:1.22.7",
        "hashicorp/consul:-1",
        "https://hub.docker.com/hashicorp/consul:1.22.7",
        f"hashicorp/consul:{'1' * 129}",
        ":1.22.7",
    ],
)
def test_images_whose_name_docker_does_not_read_are_refused(image: str) -> None:
    assert not IMAGE.accepts(image)


def in_schema(image: str) -> bool:
    """Whether an editor that has the JSON schema accepts it."""
    wanted, others = IMAGE.schema["pattern"], IMAGE.schema["not"]["pattern"]
    return re.search(wanted, image) is not None and re.search(others, image) is None

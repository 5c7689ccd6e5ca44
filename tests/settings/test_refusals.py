"""What a component refuses by itself, in its own args, before it registers anything."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from consul_on_pulumi.settings import refusals

from tests.backends import Backend
from tests.recording import Build, build

HEADER = "the settings are refused, nothing was changed:"
NAME = "expected lower-case letters, digits and inner hyphens, a letter first, at most 40 characters"
IMAGE = "expected an exact version or a digest such as hashicorp/consul:1.20.6"


def refused(component: Callable[..., Any], args: Any, *, stack: str = "stack") -> tuple[list[str], list[str]]:
    """The lines of the refusal, and the logical names of what was registered all the same."""
    seen: list[Build] = []
    lines: list[str] = []

    def program() -> None:
        try:
            component("dev", args)
        except pulumi.RunError as error:
            lines.extend(str(error).splitlines())

    seen.append(build(program, stack=stack))
    return lines, [one.name for one in seen[0].seen]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"servers": 2}, "cluster.servers: expected an odd number from 1 to 7, got 2"),
        ({"clients": -1}, "cluster.clients: expected 0 or more, got -1"),
        ({"name": "Dev"}, f"cluster.name: {NAME}, got 'Dev'"),
        (
            {"datacenter": "DC1"},
            "cluster.datacenter: expected lower-case letters, digits, hyphens and underscores, got 'DC1'",
        ),
        ({"image": "hashicorp/consul"}, f"cluster.image: {IMAGE}, got 'hashicorp/consul'"),
        (
            {"agent_config": {"log_levle": "x"}},
            "cluster.agent_config.log_levle: Consul has no such key, did you mean log_level?",
        ),
        (
            {"server_config": {"ports": {}}},
            "cluster.server_config.ports: not for agent configuration, the published ports follow from `platform`",
        ),
        (
            {"client_config": {"encrypt": "hunter2"}},
            "cluster.client_config.encrypt: would be readable by everyone who may inspect the container, "
            "set it in a file of `agent_secrets`, which is encrypted",
        ),
        ({"seeds": {"/a": 1}}, "cluster.seeds: key '/a' starts with a slash, drop it"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_cluster_refuses_what_makes_no_cluster_and_registers_nothing(
    backend: Backend, wrong: dict[str, Any], problem: str
) -> None:
    assert refused(ConsulCluster, {"platform": backend.cluster, **wrong}) == ([HEADER, problem], [])


def test_all_problems_are_told_at_once_and_nothing_is_registered(backend: Backend) -> None:
    args = {
        "platform": {"docker": {"subnet": "lan"}},
        "servers": 4,
        "name": "Dev",
        "image": "consul:latest",
        "seeds": {"a": []},
    }

    assert refused(ConsulCluster, args) == (
        [
            HEADER,
            "cluster.servers: expected an odd number from 1 to 7, got 4",
            f"cluster.name: {NAME}, got 'Dev'",
            f"cluster.image: {IMAGE}, got 'consul:latest'",
            "cluster.platform.docker.subnet: expected an IPv4 network such as 172.30.0.0/24, got 'lan'",
            "cluster.seeds: key 'a' has a list, which no single value can hold: write it as quoted text",
        ],
        [],
    )


def test_a_stack_whose_name_makes_no_host_name_is_refused(backend: Backend) -> None:
    assert refused(ConsulCluster, {"platform": backend.cluster}, stack="My_Stack") == (
        [HEADER, f"cluster.name: {NAME}, got 'dev-My_Stack'"],
        [],
    )


@pytest.mark.parametrize(("component", "path"), [(ConsulServer, "server"), (ConsulClient, "client")])
@pytest.mark.parametrize(
    ("platform", "shared_resources"),
    [({"docker": {"subnet": "172.30.0.0/24"}}, "network"), ({"kubernetes": {}}, "namespace")],
    ids=["docker", "kubernetes"],
)
def test_a_tier_alone_needs_the_ground_it_stands_on(
    component: Callable[..., Any], path: str, platform: dict[str, Any], shared_resources: str
) -> None:
    (backend,) = platform
    assert refused(component, {"platform": platform}) == (
        [
            HEADER,
            f"{path}.platform.{backend}.{shared_resources}: required for a tier alone, give the name of an existing {shared_resources}",
        ],
        [],
    )


@pytest.mark.parametrize(
    ("platform", "problem"),
    [
        ({}, "cluster.platform: expected `docker` or `kubernetes`, got nothing"),
        ({"podman": {}}, "cluster.platform: expected `docker` or `kubernetes`, got podman"),
        (
            {"docker": {"subnet": "172.30.0.0/24"}, "kubernetes": {}},
            "cluster.platform: expected `docker` or `kubernetes`, got docker and kubernetes",
        ),
        (
            {"docker": {"subnet": "8.8.8.0/24"}},
            "cluster.platform.docker.subnet: expected a private IPv4 network such as 172.30.0.0/24, got '8.8.8.0/24'",
        ),
        (
            {"kubernetes": {"clients": "Pod"}},
            "cluster.platform.kubernetes.clients: expected Deployment or DaemonSet, got 'Pod'",
        ),
    ],
    ids=["none", "unknown", "two at once", "public network", "no such clients"],
)
def test_a_placement_that_places_nothing_is_refused(platform: Any, problem: str) -> None:
    assert refused(ConsulCluster, {"platform": platform}) == ([HEADER, problem], [])


def test_a_wrong_size_does_not_hide_what_is_wrong_with_the_placement() -> None:
    args = {"platform": {"docker": {"subnet": "172.30.0.0/30"}}, "servers": 0, "clients": -3}

    assert refused(ConsulCluster, args) == (
        [
            HEADER,
            "cluster.servers: expected an odd number from 1 to 7, got 0",
            "cluster.clients: expected 0 or more, got -3",
            "cluster.platform.docker.subnet: expected /27 or larger for 9 fixed addresses in its lower half, "
            "got '172.30.0.0/30'",
        ],
        [],
    )


@pytest.mark.parametrize(
    ("component", "wrong", "problem"),
    [
        (ConsulServer, {"replicas": 2}, "server.replicas: expected an odd number from 1 to 7, got 2"),
        (ConsulServer, {"cluster": "Dev"}, f"server.cluster: {NAME}, got 'Dev'"),
        (ConsulClient, {"replicas": -1}, "client.replicas: expected 0 or more, got -1"),
        (ConsulClient, {"cluster": "Dev"}, f"client.cluster: {NAME}, got 'Dev'"),
    ],
    ids=["server replicas", "server cluster", "client replicas", "client cluster"],
)
def test_bug_a_tiers_refusal_names_the_key_that_its_caller_wrote(
    backend: Backend, component: Callable[..., Any], wrong: dict[str, Any], problem: str
) -> None:
    assert refused(component, {"platform": backend.tier, **wrong}) == ([HEADER, problem], [])


@pytest.mark.parametrize("value", [True, None, "yes"], ids=repr)
def test_bug_a_ui_setting_that_is_no_map_is_refused_before_anything_is_registered(backend: Backend, value: Any) -> None:
    lines, registered = refused(ConsulCluster, {"platform": backend.cluster, "agent_config": {"ui_config": value}})

    assert registered == []
    assert lines[0] == HEADER
    assert lines[1].startswith("cluster.agent_config.ui_config: ")


@pytest.mark.parametrize(
    "image",
    [
        "hashicorp/consul:1.20.6",
        "consul:1.20",
        "registry.local:5000/consul:1.20.6",
        "hashicorp/consul@sha256:" + "0" * 64,
        "hashicorp/consul:1.20.6@sha256:" + "0" * 64,
    ],
)
def test_images_that_mean_the_same_tomorrow_are_accepted(image: str) -> None:
    assert refusals.image_problem(image) is None


@pytest.mark.parametrize(
    "image", ["", "consul", "hashicorp/consul", "hashicorp/consul:latest", "registry.local:5000/consul", ":1.20.6"]
)
def test_images_that_may_mean_another_tomorrow_are_refused(image: str) -> None:
    assert refusals.image_problem(image) == f"{IMAGE}, got {image!r}"


def test_without_problems_nothing_is_refused() -> None:
    assert refusals.refuse([]) is None

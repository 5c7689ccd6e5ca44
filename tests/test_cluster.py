"""The whole cluster: what it is made of, in which order, and what it promises."""

import json
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster

from tests.backends import Backend
from tests.recording import LEADER, ROOT, Build, build, cluster_args

ON_DOCKER = {
    "consul": "consul-on-pulumi:index:ConsulCluster",
    "consul-autopilot": "pulumi-python:dynamic/consul-on-pulumi:Autopilot",
    "consul-identity": "pulumi-python:dynamic/consul-on-pulumi:ClusterIdentity",
    "consul-client": "consul-on-pulumi:index:ConsulClient",
    "consul-client-0": "docker:index/container:Container",
    "consul-client-0-data": "docker:index/volume:Volume",
    "consul-client-0-ports": "pulumi-python:dynamic/consul-on-pulumi:HostPorts",
    "consul-client-0-health": "pulumi-python:dynamic/consul-on-pulumi:ContainerHealth",
    "consul-client-image": "docker:index/remoteImage:RemoteImage",
    "consul-network": "docker:index/network:Network",
    "consul-seeds-baseline": "pulumi-python:dynamic/consul-on-pulumi:KvBaseline",
    "consul-seeds": "pulumi-python:dynamic/consul-on-pulumi:KvEntries",
    "consul-server": "consul-on-pulumi:index:ConsulServer",
    "consul-server-0": "docker:index/container:Container",
    "consul-server-0-data": "docker:index/volume:Volume",
    "consul-server-0-gate": "pulumi-python:dynamic/consul-on-pulumi:VoterGate",
    "consul-server-0-ports": "pulumi-python:dynamic/consul-on-pulumi:HostPorts",
    "consul-server-0-peer": "pulumi-python:dynamic/consul-on-pulumi:RaftPeer",
    "consul-server-0-health": "pulumi-python:dynamic/consul-on-pulumi:ContainerHealth",
    "consul-server-1": "docker:index/container:Container",
    "consul-server-1-data": "docker:index/volume:Volume",
    "consul-server-1-gate": "pulumi-python:dynamic/consul-on-pulumi:VoterGate",
    "consul-server-1-ports": "pulumi-python:dynamic/consul-on-pulumi:HostPorts",
    "consul-server-1-peer": "pulumi-python:dynamic/consul-on-pulumi:RaftPeer",
    "consul-server-1-health": "pulumi-python:dynamic/consul-on-pulumi:ContainerHealth",
    "consul-server-2": "docker:index/container:Container",
    "consul-server-2-data": "docker:index/volume:Volume",
    "consul-server-2-gate": "pulumi-python:dynamic/consul-on-pulumi:VoterGate",
    "consul-server-2-ports": "pulumi-python:dynamic/consul-on-pulumi:HostPorts",
    "consul-server-2-peer": "pulumi-python:dynamic/consul-on-pulumi:RaftPeer",
    "consul-server-2-health": "pulumi-python:dynamic/consul-on-pulumi:ContainerHealth",
    "consul-server-image": "docker:index/remoteImage:RemoteImage",
}
"""Contract: another name or type is another resource, so an existing stack would lose the old one with its data."""


def cluster(
    backend: Backend, *, preview: bool = False, opts: pulumi.ResourceOptions | None = None, **more: Any
) -> Build:
    def program() -> dict[str, Any]:
        made = ConsulCluster("consul", cluster_args(backend.cluster, **more), opts)
        return {name: getattr(made, name) for name in ConsulCluster.__annotations__}

    return build(program, preview=preview)


def test_three_servers_and_a_client_on_docker_have_exactly_these_names_and_types() -> None:
    args = cluster_args({"docker": {"subnet": "172.30.0.0/24"}}, seeds={"a": 1})

    def program() -> None:
        ConsulCluster("consul", args)

    seen = build(program).seen

    assert {one.name: one.type for one in seen} == ON_DOCKER
    assert len(seen) == len(ON_DOCKER)


def test_every_child_is_under_its_own_component(backend: Backend) -> None:
    for one in cluster(backend).seen:
        if one.name == "consul":
            expected = ROOT
        elif one.name.startswith("consul-server-"):
            expected = "consul-server"
        elif one.name.startswith("consul-client-"):
            expected = "consul-client"
        else:
            expected = "consul"
        assert (one.name, one.parent) == (one.name, expected)


def test_two_clusters_in_one_program_share_no_name(backend: Backend) -> None:
    def program() -> None:
        ConsulCluster("one", cluster_args(backend.cluster, name="one"))
        ConsulCluster("two", cluster_args(backend.cluster, name="two"))

    seen = build(program).seen
    physical = [
        (one.type, one.inputs.get("name") or (one.inputs["metadata"].get("namespace"), one.inputs["metadata"]["name"]))
        for one in seen
        if one.type.startswith(backend.package) and "Image" not in one.type
    ]

    assert len({one.urn for one in seen}) == len(seen)
    assert len(set(physical)) == len(physical) >= 18


def test_two_stacks_share_no_name_unless_told(backend: Backend) -> None:
    def program() -> dict[str, Any]:
        return {"servers": ConsulCluster("consul", {"platform": backend.cluster, "servers": 1}).servers}  # type: ignore[typeddict-item]

    assert build(program, stack="dev").outputs == {"servers": ["consul-dev-server-0"]}
    assert build(program, stack="prod").outputs == {"servers": ["consul-prod-server-0"]}


@pytest.mark.parametrize("name", ["consul-seeds", "consul-autopilot"])
def test_a_running_consul_is_asked_only_after_every_server_and_only_servers_are(backend: Backend, name: str) -> None:
    seen = cluster(backend)

    assert backend.ready("consul-server", 3) <= seen[name].depends_on
    assert {other for other in seen[name].depends_on if other.startswith("consul-client")} == set()
    assert seen[name].inputs["addresses"] == backend.consul_access(3, "dev")


@pytest.mark.parametrize("name", ["consul-seeds", "consul-autopilot"])
def test_what_is_stored_goes_with_the_data_of_the_servers(backend: Backend, name: str) -> None:
    seen = cluster(backend)

    assert seen[name].deleted_with == backend.data("consul-server")


def test_seeds_are_flat_entries_with_full_keys(backend: Backend) -> None:
    seen = cluster(backend, seeds={"app": {"name": "web", "replicas": 3, "on": True}, "motd": "hi"})

    assert seen["consul-seeds"].inputs == {
        "addresses": backend.consul_access(3, "dev"),
        "entries": {"app/name": "web", "app/replicas": "3", "app/on": "true", "motd": "hi"},
        "set": "consul-seeds",
        "baseline": 7,
        "on_conflict": "fail",
        "revision": 1,
    }
    assert seen["consul-seeds"].input_from["baseline"] == {"consul-seeds-baseline"}


@pytest.mark.parametrize(("servers", "voters"), [(1, 1), (3, 2), (5, 3), (7, 4)])
def test_autopilot_follows_the_number_of_servers(backend: Backend, servers: int, voters: int) -> None:
    assert cluster(backend, servers=servers)["consul-autopilot"].inputs["min_quorum"] == voters


def test_the_outputs_are_those_of_servers_then_clients(backend: Backend) -> None:
    seen = cluster(backend, datacenter="east", client_config={"ui_config": {"enabled": True}})

    assert seen.outputs == {
        "ui_urls": [*backend.ui(3, "dev"), backend.client_ui("dev")],
        "http_addresses": backend.http(3, 1, "dev"),
        "dns_addresses": backend.dns(3, 1),
        "servers": ["dev-server-0", "dev-server-1", "dev-server-2"],
        "datacenter": "east",
        "leader_address": LEADER,
    }


def test_every_output_but_the_passing_leader_is_registered(backend: Backend) -> None:
    seen = cluster(backend)

    assert seen.registered_outputs["consul"] == {
        name: value for name, value in seen.outputs.items() if name != "leader_address"
    }


def test_servers_alone_show_a_ui_unless_told(backend: Backend) -> None:
    assert cluster(backend).outputs["ui_urls"] == backend.ui(3, "dev")


@pytest.mark.parametrize(("preview", "timeout"), [(False, 10.0), (True, 2.0)])
def test_every_server_is_asked_for_the_leader_and_a_preview_waits_less(
    backend: Backend, preview: bool, timeout: float
) -> None:
    assert cluster(backend, preview=preview).asked_leader == [(backend.consul_access(3, "dev"), timeout)]


def test_the_leader_is_input_to_nothing(backend: Backend) -> None:
    seen = cluster(backend)

    assert [one.name for one in seen.seen if LEADER in json.dumps(one.inputs)] == []
    assert LEADER not in json.dumps(seen.registered_outputs)


def test_a_cluster_has_no_clients_unless_told(backend: Backend) -> None:
    def program() -> dict[str, Any]:
        made = ConsulCluster("consul", {"platform": backend.cluster, "name": "dev"})  # type: ignore[typeddict-item]
        return {"http": made.http_addresses, "dns": made.dns_addresses}

    seen = build(program)

    assert seen.outputs == {"http": backend.http(3, 0, "dev"), "dns": backend.dns(3, 0)}
    assert backend.agents(seen, "consul-server") == 3
    assert [one.name for one in seen.seen if one.parent == "consul-client"] == []


def test_a_single_server_is_warned_about(backend: Backend) -> None:
    assert cluster(backend, servers=1).log == ["one server tolerates no failure and may lose data: set servers to 3"]


@pytest.mark.parametrize("servers", [3, 5, 7])
def test_a_cluster_that_survives_a_loss_is_not(backend: Backend, servers: int) -> None:
    assert cluster(backend, servers=servers).log == []


def test_a_tiers_own_configuration_wins_over_that_of_every_agent(backend: Backend) -> None:
    seen = cluster(
        backend,
        agent_config={"log_level": "WARN", "telemetry": {"disable_hostname": False}},
        server_config={"log_level": "DEBUG"},
        client_config={"log_level": "TRACE"},
    )

    server, client = backend.document(seen, "consul-server"), backend.document(seen, "consul-client")
    assert (server["log_level"], client["log_level"]) == ("DEBUG", "TRACE")
    assert (
        server["telemetry"]
        == client["telemetry"]
        == {
            "prometheus_retention_time": "24h",
            "disable_hostname": False,
        }
    )


def test_clients_look_for_the_servers_of_their_own_cluster(backend: Backend) -> None:
    seen = cluster(backend, servers=1, datacenter="east")

    client = backend.document(seen, "consul-client")
    assert client["retry_join"] == backend.join(["dev-server-0"], "dev")
    assert client["datacenter"] == "east"


def test_what_no_living_cluster_survives_is_noted_at_birth(backend: Backend) -> None:
    assert cluster(backend, datacenter="east")["consul-identity"].inputs == {
        "revision": 1,
        "servers": 3,
        "fixed": {
            "cluster.name": "dev",
            "cluster.datacenter": "east",
            **{f"cluster.platform.{key}": value for key, value in backend.fixed.items()},
        },
    }


def test_nothing_is_touched_before_what_is_fixed_at_birth_was_checked(backend: Backend) -> None:
    seen = cluster(backend)

    for one in seen.seen:
        if one.type.startswith(backend.package):
            assert "consul-identity" in one.depends_on


def test_clients_change_after_all_servers(backend: Backend) -> None:
    clients = [one for one in cluster(backend).seen if one.parent == "consul-client"]

    assert len(clients) > 1
    for one in clients:
        if one.type.startswith(backend.package):
            assert backend.updated("consul-server", 3) <= one.depends_on


def test_a_cluster_waits_for_what_it_is_told_to_wait_for(backend: Backend) -> None:
    def program() -> None:
        shared_resources = pulumi.CustomResource("test:index:SharedResources", "shared_resources")
        ConsulCluster("consul", cluster_args(backend.cluster), pulumi.ResourceOptions(depends_on=[shared_resources]))

    seen = build(program)

    for one in seen.seen:
        if one.type.startswith(backend.package):
            assert "shared_resources" in one.depends_on


def test_protection_reaches_every_child(backend: Backend) -> None:
    assert {one.protect for one in cluster(backend, opts=pulumi.ResourceOptions(protect=True)).seen} == {True}


def test_scaling_changes_no_server_that_stays(backend: Backend) -> None:
    five, three = cluster(backend, servers=5), cluster(backend, servers=3)

    # The mocks know no state, so the size at birth, and with it the digest, is the present one here.
    passing = ("-bootstrap-expect=", "-node-meta=spec_hash:")
    before, after = (
        [part for part in backend.arguments(seen, "consul-server") if not part.startswith(passing)]
        for seen in (three, five)
    )
    assert before == after
    assert backend.document(three, "consul-server") == backend.document(five, "consul-server")
    for one in three.seen:
        if one.parent == "consul-client":
            assert one.inputs == five[one.name].inputs

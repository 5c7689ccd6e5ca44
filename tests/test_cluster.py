"""ConsulCluster: its resources, their order, and its outputs."""

import json
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster

from tests.platform_cases import PlatformCase
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
    "consul-client-ownership": "pulumi-python:dynamic/consul-on-pulumi:Ownership",
    "consul-network": "docker:index/network:Network",
    "consul-network-end": "pulumi-python:dynamic/consul-on-pulumi:NetworkEnd",
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
    "consul-server-ownership": "pulumi-python:dynamic/consul-on-pulumi:Ownership",
    "consul-server-end": "pulumi-python:dynamic/consul-on-pulumi:ClusterEnd",
    "consul-server-end-of-part": "pulumi-python:dynamic/consul-on-pulumi:ClusterEnd",
    "consul-server-voters": "pulumi-python:dynamic/consul-on-pulumi:Voters",
    "consul-ownership": "pulumi-python:dynamic/consul-on-pulumi:Ownership",
    "consul-server-image": "docker:index/remoteImage:RemoteImage",
    "consul-server-version": "pulumi-python:dynamic/consul-on-pulumi:ConsulVersion",
}
"""Contract: another name or type is another resource, so an existing stack would lose the old one with its data."""


def cluster(
    platform: PlatformCase, *, preview: bool = False, opts: pulumi.ResourceOptions | None = None, **more: Any
) -> Build:
    def program() -> dict[str, Any]:
        made = ConsulCluster("consul", cluster_args(platform.cluster, **more), opts)
        return {name: getattr(made, name) for name in ConsulCluster.__annotations__}

    return build(program, preview=preview)


def test_three_servers_and_a_client_on_docker_have_exactly_these_names_and_types() -> None:
    args = cluster_args({"docker": {"subnet": "172.30.0.0/24"}}, seeds={"a": 1})

    def program() -> None:
        ConsulCluster("consul", args)

    seen = build(program).seen

    assert {one.name: one.type for one in seen} == ON_DOCKER
    assert len(seen) == len(ON_DOCKER)


def test_every_child_is_under_its_own_component(platform: PlatformCase) -> None:
    for one in cluster(platform).seen:
        if one.name == "consul":
            expected = ROOT
        elif one.name.startswith("consul-server-"):
            expected = "consul-server"
        elif one.name.startswith("consul-client-"):
            expected = "consul-client"
        else:
            expected = "consul"
        assert (one.name, one.parent) == (one.name, expected)


def test_two_clusters_in_one_program_share_no_name(platform: PlatformCase) -> None:
    def program() -> None:
        ConsulCluster("one", cluster_args(platform.cluster, name="one"))
        ConsulCluster("two", cluster_args(platform.cluster, name="two"))

    seen = build(program).seen
    physical = [
        (one.type, one.inputs.get("name") or (one.inputs["metadata"].get("namespace"), one.inputs["metadata"]["name"]))
        for one in seen
        if one.type.startswith(platform.package) and "Image" not in one.type
    ]

    assert len({one.urn for one in seen}) == len(seen)
    assert len(set(physical)) == len(physical) >= 18


def test_two_stacks_share_no_name_by_default(platform: PlatformCase) -> None:
    def program() -> dict[str, Any]:
        return {"servers": ConsulCluster("consul", {"platform": platform.cluster, "servers": 1}).servers}  # type: ignore[typeddict-item]

    assert build(program, stack="dev").outputs == {"servers": ["consul-dev-server-0"]}
    assert build(program, stack="prod").outputs == {"servers": ["consul-prod-server-0"]}


@pytest.mark.parametrize("name", ["consul-seeds", "consul-autopilot"])
def test_resources_in_consul_depend_on_every_server_and_use_only_servers(platform: PlatformCase, name: str) -> None:
    seen = cluster(platform)

    assert platform.ready("consul-server", 3) <= seen[name].depends_on
    assert {other for other in seen[name].depends_on if other.startswith("consul-client")} == set()
    assert seen[name].inputs["addresses"] == platform.consul_access(3, "dev")


@pytest.mark.parametrize("name", ["consul-seeds", "consul-autopilot"])
def test_resources_in_consul_are_deleted_with_the_data_of_the_servers(platform: PlatformCase, name: str) -> None:
    seen = cluster(platform)

    assert seen[name].deleted_with == platform.data("consul-server")


def test_seeds_are_flat_entries_with_full_keys(platform: PlatformCase) -> None:
    seen = cluster(platform, seeds={"app": {"name": "web", "replicas": 3, "on": True}, "motd": "hi"})

    assert seen["consul-seeds"].inputs == {
        "addresses": platform.consul_access(3, "dev"),
        "entries": {"app/name": "web", "app/replicas": "3", "app/on": "true", "motd": "hi"},
        "set": "consul-seeds",
        "baseline": 7,
        "on_conflict": "fail",
        "cluster_id": "id-of-consul-identity",
        "cluster": "consul-seeds",
        "cluster_keys": "app/name\napp/on\napp/replicas\nmotd",
        "revision": 1,
    }
    assert seen["consul-seeds"].input_from["baseline"] == {"consul-seeds-baseline"}


@pytest.mark.parametrize(("servers", "voters"), [(1, 1), (3, 2), (5, 3), (7, 4)])
def test_autopilot_follows_the_number_of_servers(platform: PlatformCase, servers: int, voters: int) -> None:
    assert cluster(platform, servers=servers)["consul-autopilot"].inputs["min_quorum"] == voters


def test_the_outputs_are_those_of_servers_then_clients(platform: PlatformCase) -> None:
    seen = cluster(platform, datacenter="east", client_config={"ui_config": {"enabled": True}})

    assert seen.outputs == {
        "ui_urls": [*platform.ui(3, "dev"), platform.client_ui("dev")],
        "http_addresses": platform.http(3, 1, "dev"),
        "dns_addresses": platform.dns(3, 1),
        "servers": ["dev-server-0", "dev-server-1", "dev-server-2"],
        "datacenter": "east",
        "leader_address": LEADER,
        "management_token": None,
        "authority": None,
        "upgrade_snapshot": "/consul-server-version.snap",
    }


def test_every_output_except_the_leader_is_registered(platform: PlatformCase) -> None:
    seen = cluster(platform)

    assert seen.registered_outputs["consul"] == {
        name: value for name, value in seen.outputs.items() if name != "leader_address" and value is not None
    }


def test_d2_ui_urls_follow_the_content_path(platform: PlatformCase) -> None:
    seen = cluster(platform, agent_config={"ui_config": {"content_path": "/console/"}})

    assert seen.outputs["ui_urls"] == [url.removesuffix("/ui/") + "/console/" for url in platform.ui(3, "dev")]


def test_only_servers_serve_a_ui_by_default(platform: PlatformCase) -> None:
    assert cluster(platform).outputs["ui_urls"] == platform.ui(3, "dev")


@pytest.mark.parametrize(("preview", "timeout"), [(False, 10.0), (True, 2.0)])
def test_the_leader_is_looked_up_on_every_server_with_a_shorter_timeout_in_a_preview(
    platform: PlatformCase, preview: bool, timeout: float
) -> None:
    assert cluster(platform, preview=preview).leader_lookups == [(platform.consul_access(3, "dev"), timeout)]


def test_the_leader_is_the_input_of_no_resource(platform: PlatformCase) -> None:
    seen = cluster(platform)

    assert [one.name for one in seen.seen if LEADER in json.dumps(one.inputs)] == []
    assert LEADER not in json.dumps(seen.registered_outputs)


def test_a_cluster_has_no_clients_by_default(platform: PlatformCase) -> None:
    def program() -> dict[str, Any]:
        made = ConsulCluster("consul", {"platform": platform.cluster, "name": "dev", "security": {"enabled": False}})  # type: ignore[typeddict-item]
        return {"http": made.http_addresses, "dns": made.dns_addresses}

    seen = build(program)

    assert seen.outputs == {"http": platform.http(3, 0, "dev"), "dns": platform.dns(3, 0)}
    assert platform.agents(seen, "consul-server") == 3
    assert [one.name for one in seen.seen if one.parent == "consul-client"] == []


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        (
            {"image": "my.registry/consul:prod", "agent_config": {"disable_kv_key_validation": True}},
            "image: my.registry/consul:prod does not tell its release of Consul, so settings and upgrades are not "
            "checked for it: set consul_version",
        ),
        (
            {"image": "hashicorp/consul:2.0.4", "agent_config": {"zzzzzz": 1}},
            "image: settings are checked for Consul 1.18 to 1.22, and 2.0.4 may accept others",
        ),
    ],
    ids=["unknown", "newer than the table"],
)
def test_a_release_that_no_table_describes_is_a_warning(
    platform: PlatformCase, settings: dict[str, Any], warning: str
) -> None:
    assert cluster(platform, **settings).log == [warning]
    assert cluster(platform, image="my.registry/consul:prod", consul_version="1.22.7").log == []


def test_the_release_comes_before_every_server(platform: PlatformCase) -> None:
    seen = cluster(platform, clients=1)

    version = seen["consul-server-version"]
    assert (version.inputs["version"], version.inputs["clients"], version.inputs["cluster"]) == ("1.22.7", 1, "consul")
    first = "consul-server-0-gate" if platform.name == "docker" else "consul-server-stateful-set"
    assert "consul-server-version" in seen[first].depends_on


def test_a_single_server_is_a_warning(platform: PlatformCase) -> None:
    assert cluster(platform, servers=1).log == ["one server tolerates no failure and may lose data: set servers to 3"]


@pytest.mark.parametrize("servers", [3, 5, 7])
def test_three_or_more_servers_are_no_warning(platform: PlatformCase, servers: int) -> None:
    assert cluster(platform, servers=servers).log == []


def test_a_tiers_own_configuration_wins_over_that_of_every_agent(platform: PlatformCase) -> None:
    seen = cluster(
        platform,
        agent_config={"log_level": "WARN", "telemetry": {"disable_hostname": False}},
        server_config={"log_level": "DEBUG"},
        client_config={"log_level": "TRACE"},
    )

    server, client = platform.document(seen, "consul-server"), platform.document(seen, "consul-client")
    assert (server["log_level"], client["log_level"]) == ("DEBUG", "TRACE")
    assert (
        server["telemetry"]
        == client["telemetry"]
        == {
            "prometheus_retention_time": "24h",
            "disable_hostname": False,
        }
    )


def test_clients_join_the_servers_of_their_own_cluster(platform: PlatformCase) -> None:
    seen = cluster(platform, servers=1, datacenter="east")

    client = platform.document(seen, "consul-client")
    assert client["retry_join"] == platform.join(["dev-server-0"], "dev")
    assert client["datacenter"] == "east"


def test_settings_that_must_not_change_are_recorded_at_creation(platform: PlatformCase) -> None:
    assert cluster(platform, datacenter="east")["consul-identity"].inputs == {
        "revision": 1,
        "servers": 3,
        "fixed": {
            "cluster.name": "dev",
            "cluster.datacenter": "east",
            **{f"cluster.platform.{key}": value for key, value in platform.fixed.items()},
        },
        "location": platform.location,
    }


def test_every_resource_depends_on_the_check_of_the_recorded_settings(platform: PlatformCase) -> None:
    seen = cluster(platform)

    for one in seen.seen:
        if one.type.startswith(platform.package):
            assert "consul-identity" in one.depends_on


def test_clients_change_after_all_servers(platform: PlatformCase) -> None:
    clients = [one for one in cluster(platform).seen if one.parent == "consul-client"]

    assert len(clients) > 1
    for one in clients:
        if one.type.rpartition(":")[2] in ("Container", "Deployment"):
            assert platform.updated("consul-server", 3) <= one.depends_on


def test_the_children_of_a_cluster_have_its_depends_on(platform: PlatformCase) -> None:
    def program() -> None:
        other = pulumi.CustomResource("test:index:Other", "other")
        ConsulCluster("consul", cluster_args(platform.cluster), pulumi.ResourceOptions(depends_on=[other]))

    seen = build(program)

    for one in seen.seen:
        if one.type.startswith(platform.package):
            assert "other" in one.depends_on


def test_scaling_changes_no_server_that_stays(platform: PlatformCase) -> None:
    five, three = cluster(platform, servers=5), cluster(platform, servers=3)

    # Mocks have no state, so here the initial size is the current one, and the spec hash depends on it.
    ignored = ("-bootstrap-expect=", "-node-meta=spec_hash:")
    before, after = (
        [part for part in platform.arguments(seen, "consul-server") if not part.startswith(ignored)]
        for seen in (three, five)
    )
    assert before == after
    assert platform.document(three, "consul-server") == platform.document(five, "consul-server")
    for one in three.seen:
        if one.parent == "consul-client":
            assert one.inputs == five[one.name].inputs


def test_b8_no_component_depends_on_a_resource_that_may_be_gone(platform: PlatformCase) -> None:
    components = [one for one in cluster(platform, clients=1).seen if one.type.startswith("consul-on-pulumi:")]

    assert [one.depends_on for one in components] == [frozenset()] * 3

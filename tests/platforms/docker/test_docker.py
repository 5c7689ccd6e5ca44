"""What the engine is asked for on Docker. Whether Docker then does it is for the tests on a real engine to say."""

import json
from itertools import pairwise
from typing import Any

import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer

from tests.recording import Build, Registration, build, client_args, cluster_args, document, server_args

CLUSTER_LABEL = {"label": "consul.cluster", "value": "dev"}
GROUND = {"subnet": "172.30.0.0/24", "http_port": 8500, "dns_port": 8600}
OPEN = {"subnet": "172.30.0.0/24"}


def cluster(settings: dict[str, Any] | None = None, **more: Any) -> Build:
    args = cluster_args({"docker": GROUND if settings is None else settings}, **more)
    return build(lambda: {"http": ConsulCluster("consul", args).http_addresses})


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in GROUND.items() if key not in keys}


@pytest.fixture(scope="module")
def three_and_one() -> Build:
    return cluster()


@pytest.fixture(scope="module")
def containers(three_and_one: Build) -> list[Registration]:
    found = three_and_one.of("Container")
    assert len(found) == 4
    return found


def test_each_agent_keeps_its_data_on_a_named_volume_of_its_own(three_and_one: Build) -> None:
    assert {volume.name: volume.inputs["name"] for volume in three_and_one.of("Volume")} == {
        "consul-client-0-data": "dev-client-0-data",
        "consul-server-0-data": "dev-server-0-data",
        "consul-server-1-data": "dev-server-1-data",
        "consul-server-2-data": "dev-server-2-data",
    }
    for container in three_and_one.of("Container"):
        assert container.inputs["volumes"] == [
            {"volumeName": f"{container.inputs['name']}-data", "containerPath": "/consul/data"}
        ]
        assert f"{container.name}-data" in container.depends_on


def test_removing_a_container_removes_no_volume(containers: list[Registration]) -> None:
    assert [container.inputs["removeVolumes"] for container in containers] == [False] * 4


def test_nothing_is_written_outside_the_volume_and_a_small_tmp(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs["readOnly"] is True
        assert container.inputs["tmpfs"] == {"/tmp": "rw,noexec,nosuid,size=64m"}


def test_an_agent_has_no_privileges_and_cannot_get_any(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs["user"] == "100:1000"
        assert container.inputs["capabilities"] == {"drops": ["ALL"]}
        assert container.inputs["securityOpts"] == ["no-new-privileges:true"]
        assert container.inputs.keys().isdisjoint({"privileged", "networkMode", "pidMode", "ipcMode", "mounts"})


def test_the_entrypoint_changes_no_owner_since_it_is_not_root(containers: list[Registration]) -> None:
    assert [container.inputs["envs"] for container in containers] == [["CONSUL_DISABLE_PERM_MGMT=true"]] * 4


@pytest.mark.parametrize(
    ("name", "http", "dns"),
    [
        ("consul-server-0", 8500, 8600),
        ("consul-server-1", 8501, 8601),
        ("consul-server-2", 8502, 8602),
        ("consul-client-0", 8507, 8607),
    ],
)
def test_an_agent_is_published_on_loopback_alone(three_and_one: Build, name: str, http: int, dns: int) -> None:
    assert three_and_one[name].inputs["ports"] == [
        {"internal": 8500, "external": http, "ip": "127.0.0.1", "protocol": "tcp"},
        {"internal": 8600, "external": dns, "ip": "127.0.0.1", "protocol": "tcp"},
        {"internal": 8600, "external": dns, "ip": "127.0.0.1", "protocol": "udp"},
    ]


@pytest.mark.parametrize(
    ("name", "address", "alias"),
    [
        ("consul-server-0", "172.30.0.2", "dev-server"),
        ("consul-server-1", "172.30.0.3", "dev-server"),
        ("consul-server-2", "172.30.0.4", "dev-server"),
        ("consul-client-0", "172.30.0.9", "dev-client"),
    ],
)
def test_an_agent_has_a_fixed_address_and_answers_to_the_name_of_its_tier(
    three_and_one: Build, name: str, address: str, alias: str
) -> None:
    assert three_and_one[name].inputs["networksAdvanced"] == [
        {"name": "dev", "ipv4Address": address, "aliases": [alias]}
    ]
    assert f"-advertise={address}" in three_and_one[name].inputs["command"]


def test_container_host_and_node_are_called_the_same(containers: list[Registration]) -> None:
    names = [container.inputs["name"] for container in containers]

    assert names == ["dev-client-0", "dev-server-0", "dev-server-1", "dev-server-2"]
    assert [container.inputs["hostname"] for container in containers] == names
    assert [container.inputs["command"][3] for container in containers] == [f"-node={name}" for name in names]


def test_a_client_comes_back_unless_stopped_and_a_server_unless_it_left(three_and_one: Build) -> None:
    assert three_and_one["consul-client-0"].inputs["restart"] == "unless-stopped"
    assert {three_and_one[f"consul-server-{ordinal}"].inputs["restart"] for ordinal in range(3)} == {"on-failure"}


def test_an_agent_hears_a_stop_signal_from_its_first_moment(containers: list[Registration]) -> None:
    assert [container.inputs["init"] for container in containers] == [True] * 4


def test_an_agent_has_half_a_minute_to_say_good_bye(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs["stopSignal"] == "SIGTERM"
        assert container.inputs["stopTimeout"] == 30
        assert container.inputs["destroyGraceSeconds"] == 30


def test_an_old_container_goes_before_its_successor_takes_name_and_address(three_and_one: Build) -> None:
    deleted_first = {one.type.split(":")[-1] for one in three_and_one.seen if one.delete_before_replace}

    assert deleted_first == {"Container"}
    assert all(container.delete_before_replace for container in three_and_one.of("Container"))


def test_another_health_check_makes_another_container(containers: list[Registration]) -> None:
    assert [container.replace_on_changes for container in containers] == [("healthcheck",)] * 4


def test_an_agent_is_healthy_when_it_knows_a_leader(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs["healthcheck"] == {
            "tests": ["CMD-SHELL", "wget -q -O - http://127.0.0.1:8500/v1/status/leader | grep -q :"],
            "interval": "10s",
            "timeout": "5s",
            "retries": 3,
            "startPeriod": "30s",
        }


def test_logs_cannot_fill_the_disk(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs["logDriver"] == "json-file"
        assert container.inputs["logOpts"] == {"max-size": "10m", "max-file": "3"}


def test_everything_on_the_engine_is_marked_with_its_cluster(three_and_one: Build) -> None:
    named, marked = CLUSTER_LABEL, {"label": "consul.cluster-id", "value": "id-of-consul-identity"}
    for one in three_and_one.of("Volume"):
        assert one.inputs["labels"] == [named]
    for type_ in ("Container", "Network"):
        for one in three_and_one.of(type_):
            assert one.inputs["labels"] == [named, marked]


def test_no_other_label_ever_replaces_a_volume_or_the_network(three_and_one: Build) -> None:
    """The provider replaces both for a new label; what the engine does with `ignore_changes` is not shown here."""
    for type_ in ("Volume", "Network"):
        for one in three_and_one.of(type_):
            assert "labels" in one.ignore_changes


def test_memory_is_unlimited_unless_told(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs.keys().isdisjoint({"memory", "memorySwap"})


def test_a_memory_limit_includes_swap() -> None:
    for container in cluster({**GROUND, "memory_mib": 256}).of("Container"):
        assert (container.inputs["memory"], container.inputs["memorySwap"]) == (256, 256)


def test_the_image_is_there_before_any_container_is_touched(three_and_one: Build) -> None:
    for type_ in ("Container", "VoterGate"):
        for one in three_and_one.of(type_):
            tier = "server" if "server" in one.name else "client"
            assert f"consul-{tier}-image" in one.depends_on


def test_the_image_stays_on_the_machine_when_the_cluster_goes(three_and_one: Build) -> None:
    assert [image.inputs for image in three_and_one.of("RemoteImage")] == [
        {"name": "hashicorp/consul:1.20.6", "keepLocally": True}
    ] * 2


def test_another_image_is_pulled_and_run_everywhere() -> None:
    seen = cluster(image="hashicorp/consul:1.19.2")

    assert [image.inputs["name"] for image in seen.of("RemoteImage")] == ["hashicorp/consul:1.19.2"] * 2
    assert [container.inputs["image"] for container in seen.of("Container")] == ["hashicorp/consul:1.19.2"] * 4


def test_data_goes_with_the_cluster_unless_told(three_and_one: Build) -> None:
    assert [one.name for one in three_and_one.seen if one.retain_on_delete] == []


def test_kept_data_outlives_the_cluster_and_nothing_else_does() -> None:
    seen = cluster({**GROUND, "retain_data": True})

    assert sorted(one.name for one in seen.seen if one.retain_on_delete) == seen.names("Volume")
    assert len(seen.names("Volume")) == 4


@pytest.mark.parametrize("keep", [True, False])
def test_bug_a_server_that_is_scaled_away_loses_its_data_between_container_and_volume(keep: bool) -> None:
    """By its gate, which is deleted in the reverse order, and not where the cluster's own data goes or is kept."""
    seen = cluster({**GROUND, "retain_data": keep})

    for name in (f"consul-server-{ordinal}" for ordinal in range(3)):
        assert f"{name}-gate" in seen[name].depends_on
        assert f"{name}-data" in seen[f"{name}-gate"].depends_on
        assert seen[f"{name}-gate"].deleted_with == "consul-server-0-data"


def test_the_configuration_is_one_argument_of_sorted_json(three_and_one: Build) -> None:
    for name in ("consul-server-0", "consul-client-0"):
        command = three_and_one[name].inputs["command"]
        found = document(three_and_one[name])

        assert command[:3] == ["agent", "-hcl", json.dumps(found, sort_keys=True)]
        assert found["server"] is (name == "consul-server-0")


def test_a_server_is_started_with_exactly_these_arguments(three_and_one: Build) -> None:
    marked = three_and_one["consul-server-1-gate"].inputs["spec_hash"]

    assert three_and_one["consul-server-1"].inputs["command"][3:] == [
        "-node=dev-server-1",
        "-advertise=172.30.0.3",
        "-bootstrap-expect=3",
        f"-node-meta=spec_hash:{marked}",
    ]


def test_a_client_expects_no_servers_to_bootstrap(three_and_one: Build) -> None:
    assert three_and_one["consul-client-0"].inputs["command"][3:-1] == [
        "-node=dev-client-0",
        "-advertise=172.30.0.9",
    ]


def test_all_agents_of_a_role_share_one_document(three_and_one: Build) -> None:
    documents = {three_and_one[f"consul-server-{ordinal}"].inputs["command"][2] for ordinal in range(3)}

    assert len(documents) == 1


def test_a_cluster_makes_its_own_network_with_room_for_fixed_addresses(three_and_one: Build) -> None:
    (network,) = three_and_one.of("Network")

    assert network.inputs == {
        "name": "dev",
        "driver": "bridge",
        "ipamConfigs": [{"subnet": "172.30.0.0/24", "gateway": "172.30.0.1", "ipRange": "172.30.0.128/25"}],
        "labels": [CLUSTER_LABEL, {"label": "consul.cluster-id", "value": "id-of-consul-identity"}],
    }
    for container in three_and_one.of("Container"):
        assert container.input_from["networksAdvanced"] == {"consul-network"}


def test_a_cluster_on_an_existing_network_makes_none() -> None:
    seen = cluster({**GROUND, "network": "lan"})

    assert seen.names("Network") == []
    assert {one.inputs["networksAdvanced"][0]["name"] for one in seen.of("Container")} == {"lan"}


def test_tiers_alone_use_the_network_they_are_given() -> None:
    platform = {"docker": {**GROUND, "network": "lan"}}

    def program() -> None:
        ConsulServer("servers", server_args(platform))
        ConsulClient("clients", client_args(platform))

    seen = build(program)

    assert seen.names("Network") == []
    assert [one.inputs["networksAdvanced"][0]["name"] for one in seen.of("Container")] == ["lan"] * 4


@pytest.mark.parametrize(
    ("settings", "chooses"),
    [(GROUND, False), (without("http_port"), True), (without("dns_port"), True), (OPEN, True)],
    ids=["both given", "dns given", "http given", "both open"],
)
def test_ports_are_chosen_only_where_the_settings_leave_one_open(settings: dict[str, Any], chooses: bool) -> None:
    agents = ["consul-client-0", "consul-server-0", "consul-server-1", "consul-server-2"]

    assert cluster(settings).names("HostPorts") == ([f"{name}-ports" for name in agents] if chooses else [])


@pytest.mark.parametrize(
    ("settings", "http", "dns"),
    [(OPEN, 20101, 20201), (without("dns_port"), 8501, 20201), (without("http_port"), 20101, 8601)],
    ids=["both open", "http given", "dns given"],
)
def test_a_chosen_port_is_published_and_a_given_one_stays(settings: dict[str, Any], http: int, dns: int) -> None:
    seen = cluster(settings)

    assert [port["external"] for port in seen["consul-server-1"].inputs["ports"]] == [http, dns, dns]
    assert seen.outputs["http"][1] == f"http://127.0.0.1:{http}"


def test_kept_data_does_not_keep_chosen_ports() -> None:
    seen = cluster({**OPEN, "retain_data": True})

    assert [ports.retain_on_delete for ports in seen.of("HostPorts")] == [False] * 4


def test_containers_come_one_after_the_other_and_each_server_between_its_gate_and_its_seat(
    three_and_one: Build,
) -> None:
    steps = ("-gate", "", "-health", "-peer")
    order = [f"consul-server-{ordinal}{step}" for ordinal in range(3) for step in steps]

    for before, after in pairwise([*order, "consul-client-0"]):
        assert before in three_and_one[after].depends_on
        assert after not in three_and_one[before].depends_on


def test_clients_come_one_after_the_other() -> None:
    seen = cluster(clients=3)

    steps = [f"consul-client-{ordinal}{step}" for ordinal in range(3) for step in ("", "-health")]
    for before, after in pairwise(steps):
        assert before in seen[after].depends_on


def test_each_container_is_kept_as_it_was_made(three_and_one: Build) -> None:
    for container in three_and_one.of("Container"):
        (attachment,) = container.inputs["networksAdvanced"]
        kept = three_and_one[f"{container.name}-health"].inputs

        assert kept["container"] == container.inputs["name"]
        assert kept["network"] == attachment["name"]
        assert kept["ipv4_address"] == attachment["ipv4Address"]
        assert kept["aliases"] == attachment["aliases"]
        assert kept["http_address"] == f"http://127.0.0.1:{int(container.inputs['ports'][0]['external'])}"


def test_no_property_leads_from_one_container_to_another_beyond_its_own_seat() -> None:
    seen = cluster(OPEN, servers=5, clients=2)
    containers = {one.name for type_ in ("Container", "VoterGate", "RaftPeer") for one in seen.of(type_)}

    for name in containers:
        allowed = {"agent": {name.removesuffix("-peer")}} if name.endswith("-peer") else {}
        assert {key: spec & containers for key, spec in seen[name].input_from.items() if spec & containers} == allowed


def test_gate_and_seat_know_all_servers_and_what_theirs_is_made_of(three_and_one: Build) -> None:
    for ordinal in range(3):
        container = three_and_one[f"consul-server-{ordinal}"]
        (cluster_id,) = [part for part in container.inputs["command"] if part.startswith("-node-meta=spec_hash:")]
        for kind, own in {"gate": {}, "position": {"agent": f"{container.name}-id"}}.items():
            assert three_and_one[f"{container.name}-{kind}"].inputs == own | {
                "server": f"dev-server-{ordinal}",
                "names": ["dev-server-0", "dev-server-1", "dev-server-2"],
                "addresses": ["http://127.0.0.1:8500", "http://127.0.0.1:8501", "http://127.0.0.1:8502"],
                "spec_hash": cluster_id.removeprefix("-node-meta=spec_hash:"),
                "revision": 1,
            }


@pytest.mark.parametrize(
    "change",
    [{"image": "hashicorp/consul:1.19.2"}, {"agent_config": {"log_level": "DEBUG"}}],
    ids=["image", "configuration"],
)
def test_whatever_changes_a_server_changes_its_definition(three_and_one: Build, change: dict[str, Any]) -> None:
    changed = cluster(**change)

    for name in ("consul-server-0-gate", "consul-server-1-gate", "consul-server-2-gate"):
        assert changed[name].inputs["spec_hash"] != three_and_one[name].inputs["spec_hash"]
    assert cluster()["consul-server-0-gate"].inputs == three_and_one["consul-server-0-gate"].inputs


def test_a_change_of_clients_alone_opens_no_gate(three_and_one: Build) -> None:
    changed = cluster(client_config={"log_level": "DEBUG"}, clients=2)

    assert [gate.inputs for gate in changed.of("VoterGate")] == [gate.inputs for gate in three_and_one.of("VoterGate")]


def test_with_the_data_of_the_first_server_goes_what_would_ask_a_running_consul_and_no_container(
    three_and_one: Build,
) -> None:
    with_data = {one.name for one in three_and_one.seen if one.deleted_with == "consul-server-0-data"}

    asking = {f"consul-server-{ordinal}-{step}" for ordinal in range(3) for step in ("gate", "position")}
    assert with_data == asking | {"consul-seeds", "consul-autopilot"}
    assert {one.deleted_with for one in three_and_one.seen} == {"", "consul-server-0-data"}

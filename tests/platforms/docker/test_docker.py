"""The resources of a cluster on Docker. What Docker does with them is tested in tests/e2e."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from consul_on_pulumi.platforms.docker import ownership, platform
from consul_on_pulumi.platforms.docker.api import neighbours
from consul_on_pulumi.providers import cluster_identity

from tests import recording
from tests.recording import NOT_HELD, Build, Registration, build, client_args, cluster_args, document, server_args

CLUSTER_LABEL = {"label": "consul.cluster", "value": "dev"}
NETWORK = {"subnet": "172.30.0.0/24", "http_port": 8500, "dns_port": 8600}
ANY_PORTS = {"subnet": "172.30.0.0/24"}


def cluster(
    settings: dict[str, Any] | None = None,
    *,
    preview: bool = False,
    held: tuple[str, frozenset[str]] = NOT_HELD,
    **more: Any,
) -> Build:
    args = cluster_args({"docker": NETWORK if settings is None else settings}, **more)
    return build(lambda: {"http": ConsulCluster("consul", args).http_addresses}, preview=preview, held=held)


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in NETWORK.items() if key not in keys}


@pytest.fixture(scope="module")
def three_and_one() -> Build:
    return cluster()


@pytest.fixture(scope="module")
def containers(three_and_one: Build) -> list[Registration]:
    found = three_and_one.of("Container")
    assert len(found) == 4
    return found


def test_each_agent_has_its_own_named_data_volume(three_and_one: Build) -> None:
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


def test_an_agent_has_no_privileges_and_cannot_gain_any(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs["user"] == "100:1000"
        assert container.inputs["capabilities"] == {"drops": ["ALL"]}
        assert container.inputs["securityOpts"] == ["no-new-privileges:true"]
        assert container.inputs.keys().isdisjoint({"privileged", "networkMode", "pidMode", "ipcMode", "mounts"})


def test_the_entrypoint_does_not_change_file_owners(containers: list[Registration]) -> None:
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
def test_an_agent_is_published_only_on_loopback(three_and_one: Build, name: str, http: int, dns: int) -> None:
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
def test_an_agent_has_a_fixed_address_and_the_name_of_its_tier_as_alias(
    three_and_one: Build, name: str, address: str, alias: str
) -> None:
    assert three_and_one[name].inputs["networksAdvanced"] == [
        {"name": "dev", "ipv4Address": address, "aliases": [alias]}
    ]
    assert f"-advertise={address}" in three_and_one[name].inputs["command"]


def test_container_host_and_node_have_the_same_name(containers: list[Registration]) -> None:
    names = [container.inputs["name"] for container in containers]

    assert names == ["dev-client-0", "dev-server-0", "dev-server-1", "dev-server-2"]
    assert [container.inputs["hostname"] for container in containers] == names
    assert [container.inputs["command"][3] for container in containers] == [f"-node={name}" for name in names]


def test_a_client_restarts_unless_stopped_and_a_server_unless_it_left(three_and_one: Build) -> None:
    assert three_and_one["consul-client-0"].inputs["restart"] == "unless-stopped"
    assert {three_and_one[f"consul-server-{ordinal}"].inputs["restart"] for ordinal in range(3)} == {"on-failure"}


def test_an_agent_can_be_stopped_while_it_starts(containers: list[Registration]) -> None:
    assert [container.inputs["init"] for container in containers] == [True] * 4


def test_an_agent_has_half_a_minute_to_stop(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs["stopSignal"] == "SIGTERM"
        assert container.inputs["stopTimeout"] == 30
        assert container.inputs["destroyGraceSeconds"] == 30


def test_a_container_is_deleted_before_its_replacement_takes_name_and_address(three_and_one: Build) -> None:
    deleted_first = {one.type.split(":")[-1] for one in three_and_one.seen if one.delete_before_replace}

    assert deleted_first == {"Container"}
    assert all(container.delete_before_replace for container in three_and_one.of("Container"))


def test_a_changed_health_check_replaces_the_container(containers: list[Registration]) -> None:
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


def test_every_object_has_the_labels_of_its_cluster(three_and_one: Build) -> None:
    name, cluster_id = CLUSTER_LABEL, {"label": "consul.cluster-id", "value": "id-of-consul-identity"}
    for type_ in ("Container", "Network", "Volume"):
        for one in three_and_one.of(type_):
            assert one.inputs["labels"] == [name, cluster_id]


def test_a_changed_label_replaces_neither_a_volume_nor_the_network(three_and_one: Build) -> None:
    """The provider would replace both for a changed label."""
    for type_ in ("Volume", "Network"):
        for one in three_and_one.of(type_):
            assert "labels" in one.ignore_changes


def test_memory_is_unlimited_by_default(containers: list[Registration]) -> None:
    for container in containers:
        assert container.inputs.keys().isdisjoint({"memory", "memorySwap"})


def test_a_memory_limit_includes_swap() -> None:
    for container in cluster({**NETWORK, "memory_mib": 256}).of("Container"):
        assert (container.inputs["memory"], container.inputs["memorySwap"]) == (256, 256)


def test_the_image_is_pulled_before_any_container_changes(three_and_one: Build) -> None:
    for type_ in ("Container", "VoterGate"):
        for one in three_and_one.of(type_):
            tier = "server" if "server" in one.name else "client"
            assert f"consul-{tier}-image" in one.depends_on


def test_the_image_stays_on_the_machine_when_the_cluster_is_destroyed(three_and_one: Build) -> None:
    assert [image.inputs for image in three_and_one.of("RemoteImage")] == [
        {"name": "hashicorp/consul:1.22.7", "keepLocally": True}
    ] * 2


def test_every_agent_runs_the_given_image() -> None:
    seen = cluster(image="hashicorp/consul:1.19.2")

    assert [image.inputs["name"] for image in seen.of("RemoteImage")] == ["hashicorp/consul:1.19.2"] * 2
    assert [container.inputs["image"] for container in seen.of("Container")] == ["hashicorp/consul:1.19.2"] * 4


def test_data_is_deleted_with_the_cluster_by_default(three_and_one: Build) -> None:
    assert [one.name for one in three_and_one.seen if one.retain_on_delete] == []


def test_with_retain_data_only_the_volumes_are_retained() -> None:
    seen = cluster({**NETWORK, "retain_data": True})

    assert sorted(one.name for one in seen.seen if one.retain_on_delete) == seen.names("Volume")
    assert len(seen.names("Volume")) == 4


@pytest.mark.parametrize("retain", [True, False])
def test_bug_the_data_of_a_removed_server_is_deleted_after_its_container_and_before_its_volume(retain: bool) -> None:
    """By its VoterGate: resources are deleted in reverse order, and the gate is not deleted with the whole cluster."""
    seen = cluster({**NETWORK, "retain_data": retain})

    for name in (f"consul-server-{ordinal}" for ordinal in range(3)):
        assert f"{name}-gate" in seen[name].depends_on
        assert f"{name}-data" in seen[f"{name}-gate"].depends_on
        assert seen[f"{name}-gate"].deleted_with == ("" if name == "consul-server-0" else "consul-server-0-gate")


def test_c1_no_character_of_the_configuration_is_an_escape_that_hcl_lacks() -> None:
    seen = cluster(agent_config={"node_meta": {"owner": "team \U0001f600"}})

    assert '"team \U0001f600"' in seen["consul-server-0"].inputs["command"][2]


LAN_AND_WAN = {"lan": {"address": "10.0.0.2", "port": 80}, "wan": {"address": "192.0.2.2", "port": 80}}


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        (
            {"tls": {"https": {"tls_min_version": "TLSv1_3"}, "internal_rpc": {"tls_min_version": "TLSv1_2"}}},
            {"tls": {"https": [{"tls_min_version": "TLSv1_3"}], "internal_rpc": [{"tls_min_version": "TLSv1_2"}]}},
        ),
        (
            {"dns_config": {"service_ttl": {"*": "5s"}, "soa": {"refresh": 1}}},
            {"dns_config": {"service_ttl": [{"*": "5s"}], "soa": [{"refresh": 1}]}},
        ),
        (
            {"services": [{"name": "web", "tagged_addresses": LAN_AND_WAN}]},
            {"services": [{"name": "web", "tagged_addresses": {key: [one] for key, one in LAN_AND_WAN.items()}}]},
        ),
        ({"tls": {"https": {"tls_min_version": "TLSv1_3"}}}, {"tls": {"https": {"tls_min_version": "TLSv1_3"}}}),
        (
            {"dns_config": {"only_passing": True, "service_ttl": {"*": "5s"}, "soa": {"refresh": 1}}},
            {"dns_config": {"only_passing": True, "service_ttl": {"*": "5s"}, "soa": {"refresh": 1}}},
        ),
    ],
    ids=["tls", "dns", "in a list", "one map", "a value beside maps"],
)
def test_bug_several_maps_in_a_map_with_nothing_else_are_spelled_so_that_hcl_reads_them(
    given: dict[str, Any], spelled: dict[str, Any]
) -> None:
    """Consul 1.22.7 with the map as it is: 'tls' expected a map or struct, got "slice"."""
    found = document(cluster(agent_config=given)["consul-server-0"])

    assert {key: found[key] for key in spelled} == spelled


def test_the_configuration_is_one_argument_of_sorted_json(three_and_one: Build) -> None:
    for name in ("consul-server-0", "consul-client-0"):
        command = three_and_one[name].inputs["command"]
        found = document(three_and_one[name])

        assert command[:3] == ["agent", "-hcl", json.dumps(found, sort_keys=True)]
        assert found["server"] is (name == "consul-server-0")


def test_a_server_is_started_with_exactly_these_arguments(three_and_one: Build) -> None:
    spec_hash = three_and_one["consul-server-1-gate"].inputs["spec_hash"]

    assert three_and_one["consul-server-1"].inputs["command"][3:] == [
        "-node=dev-server-1",
        "-advertise=172.30.0.3",
        "-bootstrap-expect=3",
        f"-node-meta=spec_hash:{spec_hash}",
    ]


def test_a_client_has_no_bootstrap_expect(three_and_one: Build) -> None:
    assert three_and_one["consul-client-0"].inputs["command"][3:-1] == [
        "-node=dev-client-0",
        "-advertise=172.30.0.9",
    ]


def test_all_agents_of_a_role_have_the_same_configuration(three_and_one: Build) -> None:
    documents = {three_and_one[f"consul-server-{ordinal}"].inputs["command"][2] for ordinal in range(3)}

    assert len(documents) == 1


def test_a_cluster_creates_a_network_with_room_for_fixed_addresses(three_and_one: Build) -> None:
    (network,) = three_and_one.of("Network")

    assert network.inputs == {
        "name": "dev",
        "driver": "bridge",
        "ipamConfigs": [{"subnet": "172.30.0.0/24", "gateway": "172.30.0.1", "ipRange": "172.30.0.128/25"}],
        "labels": [CLUSTER_LABEL, {"label": "consul.cluster-id", "value": "id-of-consul-identity"}],
    }
    for container in three_and_one.of("Container"):
        assert container.input_from["networksAdvanced"] == {"consul-network"}


def test_a_cluster_on_an_existing_network_creates_none() -> None:
    seen = cluster({**NETWORK, "network": "lan"})

    assert seen.names("Network") == []
    assert {one.inputs["networksAdvanced"][0]["name"] for one in seen.of("Container")} == {"lan"}


def test_single_tiers_use_the_given_network() -> None:
    platform = {"docker": {**NETWORK, "network": "lan"}}

    def program() -> None:
        ConsulServer("servers", server_args(platform))
        ConsulClient("clients", client_args(platform))

    seen = build(program)

    assert seen.names("Network") == []
    assert [one.inputs["networksAdvanced"][0]["name"] for one in seen.of("Container")] == ["lan"] * 4


@pytest.mark.parametrize(
    ("settings", "chooses"),
    [(NETWORK, False), (without("http_port"), True), (without("dns_port"), True), (ANY_PORTS, True)],
    ids=["both given", "dns given", "http given", "none given"],
)
def test_ports_are_chosen_only_if_the_settings_do_not_name_both(settings: dict[str, Any], chooses: bool) -> None:
    agents = ["consul-client-0", "consul-server-0", "consul-server-1", "consul-server-2"]

    assert cluster(settings).names("HostPorts") == ([f"{name}-ports" for name in agents] if chooses else [])


@pytest.mark.parametrize(
    ("settings", "http", "dns"),
    [(ANY_PORTS, 20101, 20201), (without("dns_port"), 8501, 20201), (without("http_port"), 20101, 8601)],
    ids=["none given", "http given", "dns given"],
)
def test_chosen_and_given_ports_are_published(settings: dict[str, Any], http: int, dns: int) -> None:
    seen = cluster(settings)

    assert [port["external"] for port in seen["consul-server-1"].inputs["ports"]] == [http, dns, dns]
    assert seen.outputs["http"][1] == f"http://127.0.0.1:{http}"


def test_retain_data_does_not_retain_chosen_ports() -> None:
    seen = cluster({**ANY_PORTS, "retain_data": True})

    assert [ports.retain_on_delete for ports in seen.of("HostPorts")] == [False] * 4


STEPS = ("-gate", "", "-health", "-peer")
"""The ends of the names of a server's resources, in their order."""


def test_servers_change_one_after_the_other_each_between_its_gate_and_its_peer(three_and_one: Build) -> None:
    order = [f"consul-server-{ordinal}{step}" for ordinal in range(3) for step in STEPS]
    names = [one.name for one in three_and_one.seen]

    assert [name for name in names if name in order] == order
    for ordinal in range(3):
        for before, after in pairwise(f"consul-server-{ordinal}{step}" for step in STEPS):
            assert before in three_and_one[after].depends_on
        assert f"consul-server-{ordinal}-peer" in three_and_one["consul-client-0"].depends_on


@pytest.mark.parametrize(
    ("clients", "settings", "waves"),
    [
        (3, {}, [1, 1, 1]),
        (9, {}, [3, 3, 3]),
        (5, {"clients_at_once": 2}, [2, 2, 1]),
        (4, {"clients_at_once": 9}, [4]),
    ],
)
def test_clients_change_in_waves(clients: int, settings: dict[str, Any], waves: list[int]) -> None:
    seen = cluster(clients=clients, **settings)

    names = [one.name for one in seen.seen if re.fullmatch(r"consul-client-\d+(-health)?", one.name)]
    first = 0
    for wave in waves:
        agents = {f"consul-client-{ordinal}" for ordinal in range(first, first + wave)}
        assert set(names[2 * first : 2 * (first + wave)]) == agents | {f"{agent}-health" for agent in agents}
        first += wave


def test_no_agent_depends_on_another_of_its_tier_so_they_are_deleted_side_by_side() -> None:
    seen = cluster(clients=3)

    for one in seen.seen:
        if own := re.match(r"consul-(server|client)-\d", one.name):
            others = {name for name in one.depends_on if re.match(rf"consul-{own[1]}-\d", name)}
            assert {name for name in others if not name.startswith(own[0])} == set(), one.name


@pytest.mark.parametrize(
    ("held", "others"),
    [
        ("consul-server-0-peer", [f"consul-server-{ordinal}{end}" for ordinal in range(3) for end in ("-gate", "")]),
        ("consul-client-0-health", [f"consul-client-{ordinal}" for ordinal in range(9)]),
    ],
)
def test_the_agents_of_a_new_cluster_start_at_the_same_time(
    held: str, others: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def created(_name: str, action: Callable[..., None], *_: object, **_more: object) -> pulumi.ResourceOptions:
        action(None, None)
        return pulumi.ResourceOptions()

    monkeypatch.setattr(cluster_identity, "before_create", created)
    assert cluster(clients=9, held=(held, frozenset(others))).waited == []


@pytest.fixture
def new_clients(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The ordinals of clients whose volumes do not exist: for those a hook runs."""
    tiers, new = "consul-on-pulumi:index:ConsulCluster$consul-on-pulumi:index:ConsulClient", set[int]()

    def created(_name: str, action: Callable[..., None], *_: object, **_more: object) -> pulumi.ResourceOptions:
        for ordinal in new:
            urn = f"urn:pulumi:stack::project::{tiers}$docker:index/volume:Volume::consul-client-{ordinal}-data"
            action(mock.Mock(urn=urn, type="docker:index/volume:Volume"), None)
        return pulumi.ResourceOptions()

    monkeypatch.setattr(ownership, "before_create", lambda *_, **__: lambda *_: None)
    monkeypatch.setattr(platform, "before_create", created)
    return new


def test_clients_that_are_new_wait_for_no_other_client(new_clients: set[int]) -> None:
    new_clients |= set(range(3, 9))
    new = frozenset(f"consul-client-{ordinal}" for ordinal in range(3, 9))

    assert cluster(clients=9, held=("consul-client-0-health", new)).waited == []


def test_a_wave_waits_for_those_before_the_new_clients(new_clients: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "HELD", 1)
    new_clients |= {2, 3}
    others = frozenset(f"consul-client-{ordinal}" for ordinal in range(2, 6))

    waited = cluster(clients=6, clients_at_once=2, held=("consul-client-0-health", others)).waited
    assert waited == ["consul-client-4", "consul-client-5"]


@pytest.mark.parametrize("preview", [True, False])
def test_what_needs_the_name_of_the_network_alone_does_not_wait_for_it(preview: bool) -> None:
    """Docker's provider takes two seconds for a network."""
    tiers = ("consul-server", "consul-client")
    early = [*tiers, *(f"{tier}{end}" for tier in tiers for end in ("-ownership", "-image")), "consul-server-version"]
    seen = cluster(held=("consul-network", frozenset(early)), preview=preview)

    assert seen.waited == []
    names = [one.name for one in seen.seen]
    for agent in ("consul-server-0", "consul-client-0"):
        assert names.index("consul-network") < names.index(agent)
    if not preview:
        # Once there is a volume, the subnet cannot be corrected.
        assert names.index("consul-network") < names.index("consul-server-0-data")


def test_a_preview_waits_for_no_other_agent() -> None:
    others = frozenset(f"consul-server-{ordinal}{end}" for ordinal in range(3) for end in ("-gate", ""))
    assert cluster(preview=True, held=("consul-server-0-peer", others)).waited == []


def test_the_end_of_the_cluster_is_deleted_before_any_agent_and_skipped_where_data_stays(three_and_one: Build) -> None:
    end, part = three_and_one["consul-server-end"], three_and_one["consul-server-end-of-part"]

    assert end.inputs["cluster"] == part.inputs["cluster"] == "dev"
    # The engine deletes in layers: what depends on Voters is deleted before what depends on the servers.
    assert "consul-server-voters" in end.depends_on
    assert "consul-server-end" in part.depends_on
    assert (end.deleted_with, part.deleted_with) == ("", "consul-server-0-data")


def test_the_health_of_each_container_is_checked_against_its_inputs(three_and_one: Build) -> None:
    for container in three_and_one.of("Container"):
        (attachment,) = container.inputs["networksAdvanced"]
        health = three_and_one[f"{container.name}-health"].inputs

        assert health["container"] == container.inputs["name"]
        assert health["network"] == attachment["name"]
        assert health["ipv4_address"] == attachment["ipv4Address"]
        assert health["aliases"] == attachment["aliases"]
        assert health["http_address"] == f"http://127.0.0.1:{int(container.inputs['ports'][0]['external'])}"


def test_no_output_of_a_container_is_an_input_of_another_container_or_its_gate() -> None:
    seen = cluster(ANY_PORTS, servers=5, clients=2)
    containers = {one.name for type_ in ("Container", "VoterGate", "RaftPeer") for one in seen.of(type_)}

    for name in containers:
        allowed = {"agent": {name.removesuffix("-peer")}} if name.endswith("-peer") else {}
        assert {key: spec & containers for key, spec in seen[name].input_from.items() if spec & containers} == allowed


def test_gate_and_peer_know_all_servers_and_the_spec_hash_of_their_own(three_and_one: Build) -> None:
    for ordinal in range(3):
        container = three_and_one[f"consul-server-{ordinal}"]
        (metadata,) = [part for part in container.inputs["command"] if part.startswith("-node-meta=spec_hash:")]
        for kind, own in {"gate": {}, "peer": {"agent": f"{container.name}-id"}}.items():
            assert three_and_one[f"{container.name}-{kind}"].inputs == own | {
                "server": f"dev-server-{ordinal}",
                "names": ["dev-server-0", "dev-server-1", "dev-server-2"],
                "addresses": ["http://127.0.0.1:8500", "http://127.0.0.1:8501", "http://127.0.0.1:8502"],
                "spec_hash": metadata.removeprefix("-node-meta=spec_hash:"),
                "revision": 1,
            }


@pytest.mark.parametrize(
    "change",
    [{"image": "hashicorp/consul:1.19.2"}, {"agent_config": {"log_level": "DEBUG"}}],
    ids=["image", "configuration"],
)
def test_any_change_of_a_server_changes_its_spec_hash(three_and_one: Build, change: dict[str, Any]) -> None:
    changed = cluster(**change)

    for name in ("consul-server-0-gate", "consul-server-1-gate", "consul-server-2-gate"):
        assert changed[name].inputs["spec_hash"] != three_and_one[name].inputs["spec_hash"]
    assert cluster()["consul-server-0-gate"].inputs == three_and_one["consul-server-0-gate"].inputs


def test_a_change_of_clients_changes_no_gate(three_and_one: Build) -> None:
    changed = cluster(client_config={"log_level": "DEBUG"}, clients=2)

    assert [gate.inputs for gate in changed.of("VoterGate")] == [gate.inputs for gate in three_and_one.of("VoterGate")]


def seen_with(seen: Build, deleted: str) -> set[str]:
    return {one.name for one in seen.seen if one.deleted_with == deleted}


def test_resources_that_need_a_running_consul_are_deleted_with_the_gate_of_the_first_server(
    three_and_one: Build,
) -> None:
    with_gate = seen_with(three_and_one, "consul-server-0-gate")

    expected = {f"consul-server-{ordinal}-{step}" for ordinal in range(3) for step in ("gate", "peer")}
    expected -= {"consul-server-0-gate"}
    assert with_gate == expected | {
        "consul-seeds",
        "consul-autopilot",
        "consul-server-voters",
    }
    # What tells whether the data stays is not deleted with the gate.
    assert seen_with(three_and_one, "consul-server-0-data") == {"consul-server-end-of-part"}


def test_d3_a_limit_that_somebody_set_replaces_no_container() -> None:
    """The gate before a server opens for its own settings only, so nothing else may replace its container."""
    seen = cluster()

    assert all(set(one.ignore_changes) == {"cpus", "memoryReservation"} for one in seen.of("Container"))


@pytest.mark.parametrize(
    ("clients", "limit", "told"),
    [
        (29, 1024, []),
        (30, 1024, ["clients: 33 agents", "up to 1089 entries", "allows 1024,", "gc_thresh3=4096`"]),
        (30, None, ["clients: 33 agents", "allows 1024 if nobody raised that,"]),
        (30, 1089, []),
    ],
)
def test_more_agents_than_the_kernel_keeps_neighbours_of_are_a_warning(
    clients: int, limit: int | None, told: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "gc_thresh3"
    if limit is not None:
        table.write_text(f"{limit}\n")
    monkeypatch.setattr(neighbours, "TABLE", table)

    log = cluster({"subnet": "172.30.0.0/24"}, clients=clients).log

    assert len(log) == bool(told)
    assert all(words in log[0] for words in told)

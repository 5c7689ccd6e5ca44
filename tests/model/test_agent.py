from typing import Any

import pytest
from consul_on_pulumi.model import agent
from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.topology import Role, Topology
from hypothesis import given
from hypothesis import strategies as some

FIXED_ADDRESS = PlatformTraits(servers_leave_on_terminate=False, log_json=False)
NEW_ADDRESS = PlatformTraits(servers_leave_on_terminate=True, log_json=True)

SHARED = {
    "datacenter": "east",
    "data_dir": "/consul/data",
    "disable_host_node_id": True,
    "bind_addr": "0.0.0.0",
    "client_addr": "0.0.0.0",
    "retry_join": ["dev-server-0", "dev-server-1", "dev-server-2", "dev-server"],
    "retry_interval": "2s",
    "retry_max": 0,
    "rejoin_after_leave": True,
    "reconnect_timeout": "72h",
    "ports": {"http": 8500, "https": -1, "grpc": 8502, "grpc_tls": -1, "dns": 8600},
    "disable_update_check": True,
    "disable_anonymous_signature": True,
    "disable_remote_exec": True,
    "enable_script_checks": False,
    "auto_reload_config": True,
    "log_level": "INFO",
    "log_json": False,
    "telemetry": {"prometheus_retention_time": "24h", "disable_hostname": True},
    "limits": {"http_max_conns_per_client": 200},
}
SERVER = {
    "server": True,
    "ui_config": {"enabled": True},
    "leave_on_terminate": False,
    "skip_leave_on_interrupt": True,
    "server_rejoin_age_max": "8760h",
    "performance": {"raft_multiplier": 1, "leave_drain_time": "5s", "rpc_hold_timeout": "7s"},
    "autopilot": {
        "cleanup_dead_servers": True,
        "last_contact_threshold": "1s",
        "max_trailing_logs": 250,
        "server_stabilization_time": "5s",
        "disable_upgrade_migration": True,
    },
}
CLIENT = {"server": False, "ui_config": {"enabled": False}, "leave_on_terminate": True}

DOCUMENTS = some.recursive(
    some.integers() | some.text(max_size=3) | some.booleans(),
    lambda children: some.dictionaries(some.sampled_from("abc"), children, max_size=3),
    max_leaves=8,
)
MAPS = some.dictionaries(some.sampled_from("abc"), DOCUMENTS, max_size=3)


def configuration(role: Role, traits: PlatformTraits = FIXED_ADDRESS, **extra: Any) -> agent.Document:
    return agent.document(Topology(cluster="dev", datacenter="east", servers=3, clients=1), role, traits, extra)


def test_a_server_has_exactly_these_settings() -> None:
    assert configuration(Role.SERVER) == SHARED | SERVER


def test_a_client_has_exactly_these_settings() -> None:
    assert configuration(Role.CLIENT) == SHARED | CLIENT


def test_a_server_leaves_raft_on_termination_only_if_it_restarts_at_another_address() -> None:
    assert configuration(Role.SERVER, NEW_ADDRESS) == SHARED | SERVER | {"leave_on_terminate": True, "log_json": True}


def test_a_client_always_leaves_on_termination() -> None:
    assert configuration(Role.CLIENT, NEW_ADDRESS) == SHARED | CLIENT | {"log_json": True}


def test_a_users_setting_wins_and_changes_no_other_setting() -> None:
    merged = configuration(Role.SERVER, performance={"raft_multiplier": 5}, log_level="DEBUG")

    assert merged == SHARED | SERVER | {
        "log_level": "DEBUG",
        "performance": {"raft_multiplier": 5, "leave_drain_time": "5s", "rpc_hold_timeout": "7s"},
    }


def test_lists_are_replaced_and_not_joined() -> None:
    assert agent.merge({"recursors": ["1.1.1.1"]}, {"recursors": ["9.9.9.9"]}) == {"recursors": ["9.9.9.9"]}


def test_a_map_and_another_value_are_not_merged() -> None:
    assert agent.merge({"a": {"b": 1}, "c": 2}, {"a": 3, "c": {"d": 4}}) == {"a": 3, "c": {"d": 4}}


@given(MAPS, MAPS)
def test_merging_keeps_every_key_of_both_and_changes_neither(under: Any, over: Any) -> None:
    before = repr((under, over))

    merged = agent.merge(under, over)

    assert merged.keys() == under.keys() | over.keys()
    assert agent.merge(merged, over) == merged
    assert repr((under, over)) == before


@given(MAPS)
def test_merging_with_nothing_changes_nothing(document: Any) -> None:
    assert agent.merge(document, {}) == document
    assert agent.merge({}, document) == document


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, ""),
        ({"ui_config": {}}, ""),
        ({"ui_config": {"enabled": False}}, ""),
        ({"ui_config": {"enabled": False, "content_path": "/console/"}}, ""),
        ({"ui_config": {"enabled": True}}, "/ui/"),
        ({"ui_config": {"enabled": True, "content_path": "/console/"}}, "/console/"),
        ({"ui_config": {"enabled": True, "content_path": "tools/consul"}}, "/tools/consul/"),
    ],
)
def test_d2_the_ui_is_served_where_the_configuration_says(document: agent.Document, path: str) -> None:
    assert agent.ui_path(document) == path

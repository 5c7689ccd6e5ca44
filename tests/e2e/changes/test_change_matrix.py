"""What each change of one setting does to each resource, according to the engine's preview."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import SEEDS

pytestmark = pytest.mark.e2e

Operations = dict[str, str]
"""Operation by logical name; unchanged resources are missing."""

WORDS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
}


def each(names: Iterable[str], operation: str) -> Operations:
    return dict.fromkeys(names, operation)


def updated(ordinal: int) -> Operations:
    """One server with its VoterGate and its RaftPeer."""
    name = f"consul-server-{ordinal}"
    return {f"{name}-gate": "update", name: "replace", f"{name}-peer": "update"}


def agents(tier: str, ordinals: Iterable[int], operation: str) -> Operations:
    """All resources of some agents of a tier."""
    parts = ("", "-data", "-ports", "-health", *(("-gate", "-peer") if tier == "server" else ()))
    return each([f"consul-{tier}-{ordinal}{part}" for ordinal in ordinals for part in parts], operation)


SERVERS = updated(0) | updated(1) | updated(2)
CLIENTS = {"consul-client-0": "replace", "consul-client-0-health": "update"}
"""The next client waits for the health of the one before."""
OWNED = {tier: {f"consul-{tier}-ownership": "update"} for tier in ("server", "client")}
"""Other names or ports are looked for first."""
SEEDED = {"consul-seeds": "update"}
RESIZED = {"consul-autopilot": "update", "consul-seeds": "update"}
HEALTH = ["consul-server-0-health", "consul-server-1-health", "consul-server-2-health", "consul-client-0-health"]
RELEASE = {"consul-server-version": "update"}
PULLED = {"consul-server-image": "replace", "consul-client-image": "replace"}

EVERY_AGENT: list[dict[str, Any]] = [
    {"log_level": "DEBUG"},
    {"log_json": True},
    {"enable_debug": True},
    {"reconnect_timeout": "24h"},
    {"retry_interval": "5s"},
    {"disable_coordinates": True},
    {"discovery_max_stale": "5m"},
    {"check_update_interval": "1m"},
    {"encrypt_verify_incoming": True},
    {"dns_config": {"allow_stale": True}},
    {"dns_config": {"service_ttl": {"*": "5s"}}},
    {"telemetry": {"prometheus_retention_time": "1h"}},
    {"telemetry": {"disable_hostname": False}},
    {"limits": {"http_max_conns_per_client": 400}},
    {"limits": {"rpc_rate": 100}},
    {"http_config": {"response_headers": {"X-Frame-Options": "DENY"}}},
    {"node_meta": {"rack": "a"}},
    {"gossip_lan": {"probe_interval": "2s"}},
    {"enable_local_script_checks": True},
    {"translate_wan_addrs": True},
    {"recursors": ["9.9.9.9"]},
]
SERVERS_ONLY: list[dict[str, Any]] = [
    {"performance": {"raft_multiplier": 2}},
    {"performance": {"leave_drain_time": "2s"}},
    {"performance": {"rpc_hold_timeout": "10s"}},
    {"ui_config": {"enabled": False}},
    {"ui_config": {"content_path": "/console/"}},
    {"autopilot": {"cleanup_dead_servers": False}},
    {"autopilot": {"max_trailing_logs": 500}},
    {"raft_snapshot_threshold": 8192},
    {"raft_trailing_logs": 4096},
    {"raft_logstore": {"backend": "boltdb"}},
    {"session_ttl_min": "5s"},
    {"default_query_time": "60s"},
    {"max_query_time": "300s"},
    {"connect": {"enabled": False}},
    {"leave_on_terminate": True},
]
CLIENTS_ONLY: list[dict[str, Any]] = [
    {"ui_config": {"enabled": True}},
    {"leave_on_terminate": False},
    {"rejoin_after_leave": False},
    {"use_streaming_backend": False},
    {"cache": {"entry_fetch_rate": 10}},
    {"check_output_max_size": 1024},
]
BASELINE = {
    name: {"consul-seeds-baseline": operation}
    for name, operation in {
        "a key more": "update",
        "a deep key more": "update",
        "a key less": "update",
        "no key at all": "delete",
    }.items()
}
"""The changes of KvBaseline, which depends on the keys and not on the values."""
SEED_EDITS: dict[str, dict[str, Any]] = {
    "a value": {**SEEDS, "motd": "changed"},
    "a key more": {**SEEDS, "new": "key"},
    "a deep key more": {**SEEDS, "very": {"deep": {"key": 1}}},
    "a key less": {"app": SEEDS["app"]},
    "a number": {**SEEDS, "app": {**SEEDS["app"], "replicas": 4}},
    "a switch": {**SEEDS, "app": {**SEEDS["app"], "features": {"dark-mode": False}}},
    "an empty value": {**SEEDS, "motd": ""},
    "unicode": {**SEEDS, "motd": "Grüße ✓"},
    "no key at all": {},
}
SIZES: list[tuple[dict[str, Any], Operations]] = [
    (
        {"clients": 0},
        agents("client", [0], "delete") | each(["consul-client-image", "consul-client-ownership"], "delete"),
    ),
    ({"clients": 2}, agents("client", [1], "create") | OWNED["client"]),
    ({"clients": 4}, agents("client", [1, 2, 3], "create") | OWNED["client"]),
    ({"servers": 5}, agents("server", [3, 4], "create") | RESIZED | OWNED["server"]),
    ({"servers": 7}, agents("server", [3, 4, 5, 6], "create") | RESIZED | OWNED["server"]),
    # A single server joins no other and elects itself, so its configuration differs.
    ({"servers": 1}, updated(0) | agents("server", [1, 2], "delete") | RESIZED | CLIENTS | OWNED["server"]),
]
DOCKER: list[tuple[dict[str, Any], Operations]] = [
    ({"memory_mib": 512}, SERVERS | CLIENTS),
    ({"http_port": 28500}, SERVERS | CLIENTS | RESIZED | each(HEALTH, "update") | OWNED["server"] | OWNED["client"]),
    ({"dns_port": 28600}, SERVERS | CLIENTS | OWNED["server"] | OWNED["client"]),
    ({"retain_data": True}, {}),
]
UNCHANGED: list[dict[str, Any]] = [
    {"servers": 3},
    {"clients": 1},
    {"image": "hashicorp/consul:1.22.7"},
    {"agent_config": {}},
    {"agent_config": {"log_level": "INFO"}},
    {"server_config": {"ui_config": {"enabled": True}}},
    {"client_config": {"ui_config": {"enabled": False}}},
    {"seeds": {"motd": SEEDS["motd"], "app/name": "web", "app": {"replicas": 3, "features/dark-mode": True}}},
]

MATRIX: list[Any] = [
    *(pytest.param({"agent_config": edit}, SERVERS | CLIENTS, id=f"every agent: {edit}") for edit in EVERY_AGENT),
    *(pytest.param({"server_config": edit}, SERVERS, id=f"servers: {edit}") for edit in SERVERS_ONLY),
    *(pytest.param({"client_config": edit}, CLIENTS, id=f"clients: {edit}") for edit in CLIENTS_ONLY),
    *(
        pytest.param({"seeds": tree}, SEEDED | BASELINE.get(what, {}), id=f"seeds: {what}")
        for what, tree in SEED_EDITS.items()
    ),
    *(pytest.param(edit, expected, id=f"size: {edit}") for edit, expected in SIZES),
    *(pytest.param({"docker": edit}, expected, id=f"docker: {edit}") for edit, expected in DOCKER),
    *(pytest.param(edit, {}, id=f"unchanged: {edit}") for edit in UNCHANGED),
    pytest.param({"image": "hashicorp/consul:1.22.8"}, PULLED | RELEASE | SERVERS | CLIENTS, id="image"),
]


def test_the_matrix_has_at_least_sixty_rows() -> None:
    assert len(MATRIX) >= 60


@pytest.mark.parametrize(("edit", "expected"), MATRIX)
def test_a_change_affects_exactly_these_resources(calm: Cluster, edit: dict[str, Any], expected: Operations) -> None:
    before = dict(calm.settings)
    docker = edit.get("docker", {})
    platform = {"docker": before["platform"]["docker"] | docker}
    calm.change(**{key: value for key, value in edit.items() if key != "docker"}, platform=platform)
    try:
        calm.preview()
    finally:
        calm.change(**(dict.fromkeys(edit) | before))

    steps = [(WORDS[operation], name) for operation, name in calm.changed()]
    assert {name: operation for operation, name in steps} == expected
    assert not [name for operation, name in steps if operation == "replace" and name.endswith(("-data", "-seeds"))]

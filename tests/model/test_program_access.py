"""B3: agent configuration that would shut the program out, and configuration that looks like it and is fine."""

from typing import Any

import pytest
from consul_on_pulumi.model.program_access import problems
from consul_on_pulumi.model.topology import Role

GATEWAY = "172.30.0.1"


def found(
    config: dict[str, Any],
    role: Role = Role.SERVER,
    *,
    seeds: bool = True,
    token: bool = False,
    source: str | None = GATEWAY,
    **more: bool,
) -> list[str]:
    return [key for key, _ in problems(config, role, source, seeds=seeds, token=token, **more)]


WRITES, BLOCKS = "http_config.allow_write_http_from", "http_config.block_endpoints"
DENY = {"acl": {"enabled": True, "default_policy": "deny"}}


def limited(**rates: int) -> dict[str, Any]:
    return {"limits": {"request_limits": {"mode": "enforcing", **rates}}}


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"http_config": {"allow_write_http_from": ["127.0.0.1/32"]}}, WRITES),
        ({"http_config": {"block_endpoints": ["/v1/agent/self"]}}, BLOCKS),
        ({"http_config": {"block_endpoints": ["/v1/acl", "/v1/operator"]}}, BLOCKS),
        ({"http_config": {"block_endpoints": ["/v1/kv"]}}, BLOCKS),
        ({"http_config": {"block_endpoints": ["/v1/operator/autopilot/state"]}}, BLOCKS),
        ({"http_config": {"block_endpoints": ["/v1/status/leader"]}}, BLOCKS),
        ({"addresses": {"http": "127.0.0.1"}}, "addresses.http"),
        ({"addresses": {"http": "unix:///tmp/consul.sock"}}, "addresses.http"),
        (DENY, "acl.default_policy"),
        (limited(write_rate=0), "limits.request_limits.write_rate"),
        (limited(read_rate=0), "limits.request_limits.read_rate"),
    ],
)
def test_b3_a_setting_that_shuts_the_program_out_is_a_problem(config: dict[str, Any], key: str) -> None:
    assert found(config) == [key]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"http_config": {"allow_write_http_from": ["127.0.0.1/32", "172.30.0.0/24"]}},
        {"http_config": {"allow_write_http_from": ["0.0.0.0/0"]}},
        {"http_config": {"allow_write_http_from": []}},
        {"http_config": {"allow_write_http_from": ["no network"]}},
        {"http_config": {"block_endpoints": ["/v1/acl", "/v1/agent/service", "/v1/kv/secret"]}},
        {"http_config": "no map"},
        {"addresses": {"http": "0.0.0.0 unix:///tmp/consul.sock", "grpc": "127.0.0.1"}},
        {"acl": {"enabled": True, "default_policy": "allow"}},
        {"acl": {"enabled": True}},
        {"acl": {"enabled": False, "default_policy": "deny"}},
        limited(write_rate=1, read_rate=-1),
        {"limits": {"request_limits": {"mode": "permissive", "write_rate": 0}}},
    ],
)
def test_b3_a_setting_that_lets_the_program_in_is_none(config: dict[str, Any]) -> None:
    assert found(config) == []


def test_b3_what_the_program_does_not_use_may_be_blocked() -> None:
    assert found({"http_config": {"block_endpoints": ["/v1/kv", "/v1/txn"]}}, seeds=False) == []
    assert found({"http_config": {"block_endpoints": ["/v1/kv", "/v1/operator"]}}, Role.CLIENT) == []
    assert found({"http_config": {"block_endpoints": ["/v1/agent"]}}, Role.CLIENT) == [BLOCKS]
    assert found({"http_config": {"allow_write_http_from": ["127.0.0.1/32"]}}, Role.CLIENT) == []


@pytest.mark.parametrize(
    ("endpoint", "role"),
    [
        ("/v1/acl", Role.SERVER),
        ("/v1/acl/", Role.SERVER),
        ("/v1/acl/token", Role.SERVER),
        ("/v1/acl/token/self", Role.SERVER),
        ("/v1/acl/tokens", Role.SERVER),
        ("/v1/acl/policies", Role.SERVER),
        ("/v1/agent/reload", Role.SERVER),
        ("/v1/agent/reload", Role.CLIENT),
        ("/v1/operator/keyring", Role.SERVER),
    ],
)
def test_bug_what_a_closed_cluster_needs_may_not_be_blocked_there(endpoint: str, role: Role) -> None:
    config = {"http_config": {"block_endpoints": [endpoint]}}

    assert found(config, role, is_closed=True) == [BLOCKS]
    assert found(config, role) == []


def test_bug_snapshots_may_not_be_blocked_where_every_upgrade_needs_one() -> None:
    config = {"http_config": {"block_endpoints": ["/v1/snapshot"]}}

    assert found(config, snapshots=True) == [BLOCKS]
    assert found(config) == found(config, Role.CLIENT, snapshots=True) == []


def test_what_nobody_asks_of_a_closed_cluster_may_be_blocked() -> None:
    config = {"http_config": {"block_endpoints": ["/v1/acl/bootstrap", "/v1/connect", "/v1/snapshot"]}}

    assert found(config, is_closed=True) == []
    assert found({"http_config": {"block_endpoints": ["/v1/acl"]}}, Role.CLIENT, is_closed=True) == []


def test_b3_with_a_token_acls_may_deny_by_default() -> None:
    assert found(DENY, token=True) == []


def test_b3_a_source_that_is_not_known_is_no_problem() -> None:
    assert found({"http_config": {"allow_write_http_from": ["127.0.0.1/32"]}}, source=None) == []

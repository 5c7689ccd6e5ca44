"""Agent configuration that would shut the program out: it then could neither watch a change nor undo one."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from consul_on_pulumi.model.topology import Role

ENDPOINTS = {
    Role.CLIENT: ("/v1/agent/self", "/v1/status/leader"),
    Role.SERVER: (
        "/v1/agent/force-leave/",
        "/v1/agent/leave",
        "/v1/agent/members",
        "/v1/agent/self",
        "/v1/operator/autopilot/configuration",
        "/v1/operator/autopilot/state",
        "/v1/operator/raft/configuration",
        "/v1/operator/raft/peer",
        "/v1/operator/raft/transfer-leader",
        "/v1/status/leader",
    ),
}
"""What the program and the health checks ask an agent."""
SEED_ENDPOINTS = ("/v1/kv/", "/v1/txn")
"""What it asks servers besides, where there are seeds."""
CLOSED_ENDPOINTS = {
    Role.CLIENT: ("/v1/agent/reload",),
    Role.SERVER: (
        "/v1/acl/policies",
        "/v1/acl/policy",
        "/v1/acl/token/self",
        "/v1/acl/tokens",
        "/v1/agent/reload",
        "/v1/operator/keyring",
    ),
}
"""What it asks an agent of a closed cluster besides."""
SNAPSHOT_ENDPOINTS = ("/v1/snapshot",)
"""What it asks servers besides, where no upgrade may be without a snapshot."""


def problems(
    config: Mapping[str, Any],
    role: Role,
    source: str | None,
    *,
    seeds: bool,
    token: bool,
    is_closed: bool = False,
    snapshots: bool = False,
) -> Iterator[tuple[str, str]]:
    """The keys of an agent configuration that shut the program out, each with why and with what to do.

    `source` is the address that its requests come from, if that is known. `seeds` and `token` are whether there are
    seeds, and whether the program or the agent may have a token; `snapshots` whether every upgrade needs one.
    """
    used = ENDPOINTS[role] + (CLOSED_ENDPOINTS[role] if is_closed else ())
    if role is Role.SERVER:
        used += (SEED_ENDPOINTS if seeds else ()) + (SNAPSHOT_ENDPOINTS if snapshots else ())
    endpoints = _listed(config, "http_config", "block_endpoints")
    blocked = [prefix for prefix in endpoints if any(_starts(one, prefix) for one in used)]
    if blocked:
        yield "http_config.block_endpoints", f"{', '.join(map(str, blocked))}: the program needs it, leave it out"
    allowed = _listed(config, "http_config", "allow_write_http_from")
    if role is Role.SERVER and source and allowed and not any(_contains(network, source) for network in allowed):
        yield "http_config.allow_write_http_from", f"the program writes from {source}, add {source}/32"
    http = _at(config, "addresses", "http")
    if isinstance(http, str) and not {"0.0.0.0", "::", "[::]"} & set(http.split()):
        yield (
            "addresses.http",
            f"expected 0.0.0.0, got {http!r}: neither the health checks nor the program reach others",
        )
    acl = _at(config, "acl")
    if not token and isinstance(acl, Mapping) and acl.get("enabled") is True and acl.get("default_policy") == "deny":
        yield (
            "acl.default_policy",
            "denies everything to the program, which has no `token`: set one (`pulumi config set --secret token`), "
            "in a new cluster the same as `acl.tokens.initial_management` in `agent_secrets`",
        )
    limits = _at(config, "limits", "request_limits")
    if role is Role.SERVER and isinstance(limits, Mapping) and limits.get("mode") == "enforcing":
        for rate in ("read_rate", "write_rate"):
            if limits.get(rate) == 0:
                yield (
                    f"limits.request_limits.{rate}",
                    "refuses every request, write a greater number or -1 for no limit",
                )


def has(config: Mapping[str, Any], key: str) -> bool:
    """Whether a configuration has a key such as `http_config.block_endpoints`."""
    return _at(config, *key.split(".")) is not None


def _at(config: Any, *keys: str) -> Any:
    for key in keys:
        config = config.get(key) if isinstance(config, Mapping) else None
    return config


def _listed(config: Mapping[str, Any], *keys: str) -> list[Any]:
    found = _at(config, *keys)
    return found if isinstance(found, list) else []


def _starts(endpoint: str, prefix: Any) -> bool:
    return isinstance(prefix, str) and bool(prefix) and endpoint.startswith(prefix.rstrip("/"))


def _contains(network: Any, source: str) -> bool:
    try:
        return ip_address(source) in ip_network(str(network), strict=False)
    except ValueError:
        # Consul refuses it.
        return True

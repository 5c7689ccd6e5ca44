"""The agent configuration document of each role. The defaults are those that an operator would demand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.model import naming, ports
from consul_on_pulumi.model.topology import Role, Topology

Document = dict[str, Any]
"""Agent configuration, in the keys of Consul's documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTraits:
    """What a backend must say before an agent can be described."""

    servers_leave_on_terminate: bool
    """Whether a stopped server leaves Raft: right only where it returns at another address."""
    log_json: bool
    """Whether logs go to a machine rather than to a person."""
    domain: str = ""
    """What follows the name of the servers' tier in DNS, and that in turn a server's own name; empty where every name
    stands alone."""


def document(topology: Topology, role: Role, traits: PlatformTraits, extra: Mapping[str, Any]) -> Document:
    """The configuration that all agents of one role share, `extra` merged in.

    What differs between two agents of a role (node name, advertised address) is not in here: a backend adds it.
    """
    described = _every_agent(topology, traits)
    described |= _server(traits) if role is Role.SERVER else _client()
    return merge(described, extra)


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> Document:
    """Both documents in one: maps are merged key by key, any other value of `over` wins."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def shows_ui(described: Mapping[str, Any]) -> bool:
    """Whether agents with this document serve the web UI."""
    return bool(described.get("ui_config", {}).get("enabled"))


def _every_agent(topology: Topology, traits: PlatformTraits) -> Document:
    return {
        "datacenter": topology.datacenter,
        "data_dir": "/consul/data",
        # Several agents on one host would otherwise derive the same ID from its hardware.
        "disable_host_node_id": True,
        "bind_addr": "0.0.0.0",
        "client_addr": "0.0.0.0",
        "retry_join": naming.join(topology, traits.domain),
        "retry_interval": "2s",
        "retry_max": 0,
        "rejoin_after_leave": True,
        "reconnect_timeout": "72h",
        "ports": {"http": ports.HTTP, "https": -1, "grpc": ports.GRPC, "grpc_tls": -1, "dns": ports.DNS},
        "disable_update_check": True,
        "disable_anonymous_signature": True,
        "disable_remote_exec": True,
        "enable_script_checks": False,
        "auto_reload_config": True,
        "log_level": "INFO",
        "log_json": traits.log_json,
        "telemetry": {"prometheus_retention_time": "24h", "disable_hostname": True},
        "limits": {"http_max_conns_per_client": 200},
    }


def _server(traits: PlatformTraits) -> Document:
    return {
        "server": True,
        "ui_config": {"enabled": True},
        "leave_on_terminate": traits.servers_leave_on_terminate,
        "skip_leave_on_interrupt": True,
        # A stack that sleeps longer than Consul's week must wake up as a cluster, not refuse to start.
        "server_rejoin_age_max": "8760h",
        "performance": {"raft_multiplier": 1, "leave_drain_time": "5s", "rpc_hold_timeout": "7s"},
        "autopilot": {
            "cleanup_dead_servers": True,
            "last_contact_threshold": "1s",
            "max_trailing_logs": 250,
            # Autopilot looks every 10 s only; with Consul's own 10 s a new server may need 20 s to vote.
            "server_stabilization_time": "5s",
            "disable_upgrade_migration": True,
        },
    }


def _client() -> Document:
    return {"server": False, "ui_config": {"enabled": False}, "leave_on_terminate": True}

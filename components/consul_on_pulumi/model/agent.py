"""The agent configuration of servers and of clients, with defaults for production use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.model import naming, ports
from consul_on_pulumi.model.topology import Role, Topology

USER, GROUP = 100, 1000
"""Numeric IDs of the user `consul` in Consul's official image, who owns /consul/data."""

Document = dict[str, Any]
"""Agent configuration with the keys of Consul's documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTraits:
    """What the agent configuration depends on in a platform."""

    servers_leave_on_terminate: bool
    """Whether a stopped server leaves Raft: right only if it restarts at another address."""
    log_json: bool
    """Whether agents log in JSON, for programs that collect logs."""
    host_ports: bool = False
    """Whether users reach an agent by a port on their own machine, which leads to its address in the network."""
    domain: Any = ""
    """DNS suffix: servers are found as `TIER.DOMAIN` and `SERVER.TIER.DOMAIN`. Empty if plain names are resolved.
    Where it is not known yet it is no text, and `document` needs `join`."""


def document(
    topology: Topology, role: Role, traits: PlatformTraits, extra: Mapping[str, Any], join: Any = None
) -> Document:
    """The configuration that all agents of one role share, with `extra` merged over it.

    `join` is its `retry_join`; without it the one that follows from the domain.
    A platform adds what differs between the agents of a role: node name and advertised address.
    """
    own = _server(traits) if role is Role.SERVER else _client()
    return merge(
        _every_agent(topology, traits, join if join is not None else naming.join(topology, traits.domain)) | own, extra
    )


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> Document:
    """Both documents in one. Maps are merged key by key; other values come from `over`."""
    merged = dict(under)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def ui_path(configuration: Mapping[str, Any]) -> str:
    """Where agents with this configuration serve the web UI, such as `/ui/`; empty if they do not."""
    ui = configuration.get("ui_config", {})
    path = str(ui.get("content_path") or "ui").strip("/")
    return f"/{path}/" if ui.get("enabled") else ""


def _every_agent(topology: Topology, traits: PlatformTraits, join: Any) -> Document:
    return {
        "datacenter": topology.datacenter,
        "data_dir": "/consul/data",
        # Otherwise several agents on one host derive the same node ID from its hardware.
        "disable_host_node_id": True,
        "bind_addr": "0.0.0.0",
        "client_addr": "0.0.0.0",
        "retry_join": join,
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
        # By default a server that was stopped for more than 7 days refuses to start.
        "server_rejoin_age_max": "8760h",
        "performance": {"raft_multiplier": 1, "leave_drain_time": "5s", "rpc_hold_timeout": "7s"},
        "autopilot": {
            "cleanup_dead_servers": True,
            "last_contact_threshold": "1s",
            "max_trailing_logs": 250,
            # Autopilot checks every 10 s; with the default of 10 s a new server may need 20 s to become a voter.
            "server_stabilization_time": "5s",
            "disable_upgrade_migration": True,
        },
    }


def _client() -> Document:
    return {"server": False, "ui_config": {"enabled": False}, "leave_on_terminate": True}

"""Which agent configuration keys a user may set: Consul's keys without those that the platform sets."""

from collections.abc import Iterator, Mapping
from typing import Any

from consul_on_pulumi.model.spelling import suggestion

OWNED = {
    "advertise_addr": "the address follows from the agent's ordinal",
    "bind_addr": "the address follows from the agent's ordinal",
    "bootstrap": "the first election follows from `servers`",
    "bootstrap_expect": "the first election follows from `servers`",
    "client_addr": "the published address follows from `platform`",
    "data_dir": "the data is on the agent's own volume",
    "datacenter": "set `datacenter` beside it",
    "disable_host_node_id": "agents on one host would clash with any other value",
    "node_id": "the ID is on the agent's own volume",
    "node_name": "the name follows from the agent's ordinal",
    "ports": "the published ports follow from `platform`",
    "retry_join": "agents join every server by name",
    "server": "the role follows from the tier",
}
"""Keys that a user may not set, and why."""

MAPS = ("autopilot", "limits", "performance", "telemetry", "ui_config")
"""Maps in which the program sets some keys and a user may set others."""

SECRET = ("encrypt", "acl.tokens", "auto_config.intro_token", "audit", "cloud")
"""Keys with secrets, which would be readable in `docker inspect` and in previews."""

KNOWN = frozenset(
    (
        "acl addresses advertise_addr advertise_addr_ipv4 advertise_addr_ipv6 advertise_addr_wan "
        "advertise_addr_wan_ipv4 advertise_addr_wan_ipv6 advertise_reconnect_timeout alt_domain audit auto_config "
        "auto_encrypt auto_reload_config autopilot bind_addr bootstrap bootstrap_expect cache check "
        "check_output_max_size check_update_interval checks client_addr cloud config_entries connect data_dir "
        "datacenter default_intention_policy default_query_time disable_anonymous_signature disable_coordinates "
        "disable_host_node_id disable_http_unprintable_char_filter disable_keyring_file disable_remote_exec "
        "disable_update_check discard_check_output discovery_max_stale dns_config domain enable_agent_tls_for_checks "
        "enable_central_service_config enable_debug enable_local_script_checks enable_script_checks enable_syslog "
        "encrypt encrypt_verify_incoming encrypt_verify_outgoing experiments gossip_lan gossip_wan http_config "
        "leave_on_terminate license_path limits locality log_file log_json log_level log_rotate_bytes "
        "log_rotate_duration log_rotate_max_files max_query_time node_id node_meta node_name partition peering "
        "performance pid_file ports primary_datacenter primary_gateways primary_gateways_interval protocol "
        "raft_logstore raft_protocol raft_snapshot_interval raft_snapshot_threshold raft_trailing_logs read_replica "
        "reconnect_timeout reconnect_timeout_wan recursors rejoin_after_leave reporting retry_interval "
        "retry_interval_wan retry_join retry_join_wan retry_max retry_max_wan rpc segment segments serf_lan "
        "serf_lan_allowed_cidrs serf_wan serf_wan_allowed_cidrs server server_name server_rejoin_age_max service "
        "services session_ttl_min skip_leave_on_interrupt syslog_facility tagged_addresses telemetry tls "
        "translate_wan_addrs ui_config unix_sockets use_streaming_backend watches xds"
    ).split()
)
"""Top-level keys of the agent configuration (Consul 1.20, agent/config/config.go), without deprecated ones."""


def problems(config: Mapping[str, Any], path: str, *, secret: bool = False) -> Iterator[str]:
    """Every key of `config` that Consul does not know, or that the program sets itself.

    If `config` is `secret`, it may have keys with secrets, and no message shows a value, nor a key that could be one.
    """
    for key, value in config.items():
        if key in OWNED:
            yield f"{path}.{key}: not for agent configuration, {OWNED[key]}"
        elif key in MAPS and not isinstance(value, Mapping):
            yield f"{path}.{key}: expected a map" + ("" if secret else f", got {value!r}")
        elif key not in KNOWN:
            similar = suggestion(key, KNOWN - OWNED.keys())
            # Only a key that is similar to one of Consul's is certainly no secret.
            shown = path if secret and not similar else f"{path}.{key}"
            yield f"{shown}: Consul has no such key{similar}"
    for name in () if secret else SECRET:
        if _has(config, name.split(".")):
            yield (
                f"{path}.{name}: would be readable by everyone who may inspect the container, "
                "set it in a file of `agent_secrets`, which is encrypted"
            )


def _has(config: Any, keys: list[str]) -> bool:
    return not keys or (isinstance(config, Mapping) and keys[0] in config and _has(config[keys[0]], keys[1:]))

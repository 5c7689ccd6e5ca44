"""Agent configuration that a closed cluster sets itself. Another value would open it, or keep its agents apart."""

from collections.abc import Iterator, Mapping
from typing import Any

from consul_on_pulumi.model.secret_files import Check

KEYS = (
    "acl.default_policy",
    "acl.enable_token_persistence",
    "acl.enabled",
    "acl.tokens.agent",
    "acl.tokens.dns",
    "acl.tokens.initial_management",
    "addresses.http",
    "disable_keyring_file",
    "encrypt",
    "encrypt_verify_incoming",
    "encrypt_verify_outgoing",
    "tls.defaults.ca_file",
    "tls.defaults.cert_file",
    "tls.defaults.key_file",
    "tls.defaults.verify_incoming",
    "tls.defaults.verify_outgoing",
    "tls.https.verify_incoming",
    "tls.internal_rpc.verify_incoming",
    "tls.internal_rpc.verify_outgoing",
    "tls.internal_rpc.verify_server_hostname",
)
"""The keys, as Consul spells them."""
MAPS = ("acl", "addresses", "http_config", "tls")
"""The maps that have such keys, and others that a user may set."""


def problems(config: Mapping[str, Any], path: str) -> Iterator[str]:
    """Each of these keys in a configuration, and each map of which an Output hides whether it has one. No value."""
    yield from _below(config, path, "")


def without(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A configuration without these keys, whatever else may be wrong with their values; `prefix` is where it stands."""
    return {
        key: without(inner, f"{prefix}{str(key).lower()}.") if isinstance(inner, Mapping) else inner
        for key, inner in config.items()
        if f"{prefix}{str(key).lower()}" not in KEYS
    }


def check_of(check: Check, *, is_closed: bool) -> Check:
    """The `check` of secret files with agent configuration, and of these keys if the cluster `is_closed`."""
    return (lambda config, path: [*check(config, path), *problems(config, path)]) if is_closed else check


def _below(value: Any, path: str, prefix: str) -> Iterator[str]:
    for key, inner in value.items():
        # Consul ignores case in names below the first.
        whole = f"{prefix}{str(key).lower()}"
        if whole in KEYS:
            yield f"{path}.{key}: `security` sets it, leave it out, or set `security: {{enabled: false}}`"
        elif isinstance(inner, Mapping):
            yield from _below(inner, f"{path}.{key}", f"{whole}.")
        elif whole in MAPS or any(one.startswith(f"{whole}.") for one in KEYS):
            yield f"{path}.{key}: expected a map that is known in a preview, since `security` sets keys in it too"

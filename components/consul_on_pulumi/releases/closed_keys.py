"""Agent configuration that a closed cluster sets itself. Another value would open it, or keep its agents apart."""

from collections.abc import Iterator, Mapping
from typing import Any

from consul_on_pulumi.model.closed import DOMAIN
from consul_on_pulumi.model.secret_files import Check
from consul_on_pulumi.releases import agent_keys
from consul_on_pulumi.releases.release import Release

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


def problems(config: Mapping[str, Any], path: str, prefix: str = "") -> Iterator[str]:
    """Each of these keys in a configuration, and each map of which an Output hides whether it has one. No value.
    `prefix` is where the configuration stands in the whole document."""
    for key, inner in config.items():
        # Consul ignores case in names below the first.
        whole = f"{prefix}{str(key).lower()}"
        if whole in KEYS:
            yield f"{path}.{key}: `security` sets it, leave it out, or set `security: {{enabled: false}}`"
        elif isinstance(inner, Mapping):
            yield from problems(inner, f"{path}.{key}", f"{whole}.")
        elif whole in MAPS or any(one.startswith(f"{whole}.") for one in KEYS):
            yield f"{path}.{key}: expected a map that is known in a preview, since `security` sets keys in it too"


def without(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A configuration without these keys, whatever else may be wrong with their values; `prefix` is where it stands."""
    return {
        key: without(inner, f"{prefix}{str(key).lower()}.") if isinstance(inner, Mapping) else inner
        for key, inner in config.items()
        if f"{prefix}{str(key).lower()}" not in KEYS
    }


def name_problems(config: Mapping[str, Any], path: str, datacenter: str) -> Iterator[str]:
    """The keys by which agents of a closed cluster would expect another name in a server's certificate, or ask servers
    of another datacenter about tokens. No value."""
    for key, right, why in (
        ("domain", DOMAIN, "the certificates name servers below it"),
        ("primary_datacenter", datacenter, "its own servers know the tokens, and it is in no federation"),
    ):
        value = config.get(key, right)
        if not isinstance(value, str) or value.lower().removesuffix(".") != right:
            yield f"{path}.{key}: expected {right} in a closed cluster, leave it out: {why}"


def check_of(release: Release | None, closed_datacenter: str | None = None) -> Check:
    """The check of agent configuration in a secret file, for agents of this release; a closed cluster has a
    `closed_datacenter`."""

    def check(config: Mapping[str, Any], path: str) -> Iterator[str]:
        yield from agent_keys.problems(config, path, release, secret=True)
        if closed_datacenter is not None:
            yield from problems(config, path)
            yield from name_problems(config, path, closed_datacenter)

    return check

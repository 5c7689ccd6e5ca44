"""What the agents of a closed cluster are configured with: TLS, gossip encryption and ACLs, from their first start.

The agents' own loopback interface keeps plain HTTP, which health checks and the command in a container use. Everybody
else speaks HTTPS.
"""

import json
from collections.abc import Mapping
from typing import Any

from consul_on_pulumi.model import ports, secret_files
from consul_on_pulumi.model.adoption import ACCEPT, INSIST, SPEAK
from consul_on_pulumi.model.topology import MAX_SERVERS, Role

READERS = "readers"
"""The token of the command in a container or pod, and the policy of everyone if `security.anonymous` says so."""
DNS = "dns"
"""The token of queries to the DNS interface."""
AGENTS = {Role.SERVER: "server-agents", Role.CLIENT: "client-agents"}
"""The tokens of the agents themselves, by role."""
AUTHORITY = "security-ca.crt"
"""The file with the certificate of the authority."""
ISSUED = {"certificate": "tls.crt", "key": "tls.key", "authority": "ca.crt"}
"""The files of a certificate that a controller of the platform issues and renews: the keys of a Secret, as cert-manager
names them."""
CONFIGURATION = "security.json"
"""The file with the configuration that is secret, and with what belongs to it."""
TOKEN = "security-cli.token"
"""The file with the token of the command."""
TOKEN_FILE = f"{secret_files.DIRECTORY}/{TOKEN}"
"""Its path in a container or pod."""
DOMAIN = "consul"
"""What agents expect at the end of a server's name; Consul's default for `domain`."""
UI_HEADERS = {"X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'"}
"""No other page can show the UI inside of itself."""


def document(role: Role, phase: str = INSIST, *, plain_http: bool, issued: bool = False) -> dict[str, Any]:
    """The configuration of all agents of one role; with `plain_http` everyone may speak HTTP to it as well. A
    certificate that was `issued` is renewed without this program: every agent watches its files (model/agent.py)."""
    insists = phase == INSIST
    found: dict[str, Any] = {
        "ports": {
            "http": ports.HTTP,
            "https": ports.HTTPS,
            "grpc": -1 if insists else ports.GRPC,
            "grpc_tls": ports.GRPC_TLS,
            "dns": ports.DNS,
        },
        "addresses": {"http": "0.0.0.0" if plain_http else "127.0.0.1"},
        "acl": {"enabled": True, "default_policy": "deny" if insists else "allow", "enable_token_persistence": False},
        # The key comes from the secret file at each start; a copy in the data would stay the old one.
        "disable_keyring_file": True,
        "http_config": {"response_headers": UI_HEADERS},
    }
    if not insists:
        # The key is given in the secret file: without these, agents would refuse those that have none yet.
        found |= {"encrypt_verify_incoming": False, "encrypt_verify_outgoing": phase == SPEAK}
    return found | (certificate(role, 0, issued=issued) if role is Role.CLIENT else {})


def tls(phase: str = INSIST, *, issued: bool = False) -> dict[str, Any]:
    """Whom agents trust. It is in CONFIGURATION, so that another phase changes no argument of an agent."""
    return {
        "defaults": {
            "ca_file": f"{secret_files.DIRECTORY}/{ISSUED['authority'] if issued else AUTHORITY}",
            "tls_min_version": "TLSv1_2",
            "verify_incoming": phase == INSIST,
            "verify_outgoing": phase != ACCEPT,
        },
        "internal_rpc": {"verify_server_hostname": phase != ACCEPT},
        # Browsers and commands have a token, and no certificate.
        "https": {"verify_incoming": False},
    }


def certificate(role: Role, ordinal: int, *, issued: bool = False) -> dict[str, Any]:
    """The configuration that names the certificate of one agent. All clients share one, and so do servers where it was
    `issued`."""
    name = certificate_name(role, ordinal)
    files = (ISSUED["certificate"], ISSUED["key"]) if issued else (f"{name}.crt", f"{name}.key")
    cert_file, key_file = (f"{secret_files.DIRECTORY}/{file}" for file in files)
    return {"tls": {"defaults": {"cert_file": cert_file, "key_file": key_file}}}


def certificate_name(role: Role, ordinal: int) -> str:
    """The name of the files of a certificate, without their endings."""
    return f"security-{role.value}-{ordinal}" if role is Role.SERVER else f"security-{role.value}"


def certificate_count(role: Role) -> int:
    """How many certificates a tier has: one for each server that there may be, so that scaling changes no file."""
    return MAX_SERVERS if role is Role.SERVER else 1


def subject(role: Role, datacenter: str) -> str:
    """The name in a certificate by which agents recognise a server (Consul docs, `verify_server_hostname`)."""
    return f"{role.value}.{datacenter}.{DOMAIN}"


def secret_configuration(
    role: Role,
    gossip_key: str,
    tokens: Mapping[str, str],
    marks: Mapping[str, str],
    phase: str,
    *,
    dns: bool,
    issued: bool = False,
) -> str:
    """The content of CONFIGURATION; `tokens` are those of the credentials, `dns` is whether DNS needs none, and
    `issued` whether the certificates were. An agent shows the `marks` as soon as it has loaded it."""
    own = {"agent": tokens[AGENTS[role]]}
    if dns:
        own["dns"] = tokens[DNS]
    if role is Role.SERVER:
        own["initial_management"] = tokens["management"]
    return json.dumps(
        {"encrypt": gossip_key, "acl": {"tokens": own}, "tls": tls(phase, issued=issued), "node_meta": dict(marks)},
        sort_keys=True,
    )

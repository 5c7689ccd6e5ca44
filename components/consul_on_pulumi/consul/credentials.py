"""The ACL token and the TLS certificates of requests to Consul. None of them is ever stored in a state.

The token comes from the stack's configuration (`pulumi config set --secret token …`), else from the environment
variables of the `consul` command. Certificates come only from those (Consul docs, commands, environment variables).
"""

import os
from collections.abc import Mapping
from pathlib import Path

import requests

KEY = "token"
"""The key of the token in the stack's configuration."""

_configured: dict[str, str] = {}


def use_token(token: str) -> None:
    """Use this token in this process."""
    _configured[KEY] = token


def token(env: Mapping[str, str] = os.environ) -> str | None:
    """The ACL token, or None."""
    if KEY in _configured:
        return _configured[KEY]
    if file := env.get("CONSUL_HTTP_TOKEN_FILE"):
        return Path(file).read_text().strip()
    return env.get("CONSUL_HTTP_TOKEN") or None


def add_to(session: requests.Session, env: Mapping[str, str] = os.environ) -> requests.Session:
    """Add the token and the certificates to a session."""
    if (acl_token := token(env)) is not None:
        session.headers["X-Consul-Token"] = acl_token
    if env.get("CONSUL_HTTP_SSL_VERIFY", "true").lower() in ("0", "false"):
        session.verify = False
    elif authority := env.get("CONSUL_CACERT") or env.get("CONSUL_CAPATH"):
        session.verify = authority
    if "CONSUL_CLIENT_CERT" in env:
        session.cert = (env["CONSUL_CLIENT_CERT"], env.get("CONSUL_CLIENT_KEY") or env["CONSUL_CLIENT_CERT"])
    return session

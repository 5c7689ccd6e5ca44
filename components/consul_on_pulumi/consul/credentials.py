"""With what the program makes itself known to Consul, and by what it knows Consul. None of it is ever in a state.

A token comes from the stack's configuration (`pulumi config set --secret token …`), else from where Consul's own
commands take it. Certificates come from there alone (Consul docs, commands, environment variables).
"""

import os
from collections.abc import Mapping
from pathlib import Path

import requests
from pulumi.dynamic import ConfigureRequest

KEY = "token"
"""Of the stack's configuration."""

_configured: dict[str, str] = {}


def configure(request: ConfigureRequest) -> None:
    """Remember the token of the stack's configuration for as long as the process runs."""
    if (token := request.config.get(KEY)) is not None:
        remember(str(token))


def remember(token: str) -> None:
    """Use this token for as long as the process runs."""
    _configured[KEY] = token


def token(env: Mapping[str, str] = os.environ) -> str | None:
    """The ACL token, if there is one."""
    if KEY in _configured:
        return _configured[KEY]
    if file := env.get("CONSUL_HTTP_TOKEN_FILE"):
        return Path(file).read_text().strip()
    return env.get("CONSUL_HTTP_TOKEN") or None


def equip(session: requests.Session, env: Mapping[str, str] = os.environ) -> requests.Session:
    """Give a session the token and the certificates."""
    if (known := token(env)) is not None:
        session.headers["X-Consul-Token"] = known
    if env.get("CONSUL_HTTP_SSL_VERIFY", "true").lower() in ("0", "false"):
        session.verify = False
    elif authority := env.get("CONSUL_CACERT") or env.get("CONSUL_CAPATH"):
        session.verify = authority
    if "CONSUL_CLIENT_CERT" in env:
        session.cert = (env["CONSUL_CLIENT_CERT"], env.get("CONSUL_CLIENT_KEY") or env["CONSUL_CLIENT_CERT"])
    return session

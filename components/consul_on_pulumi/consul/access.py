"""HTTP sessions with Consul, with the ACL token and the certificates of the user or of a closed cluster.

The user's token comes from the stack's configuration (`pulumi config set --secret token …`), else from the environment
variables of the `consul` command. Certificates come only from those (Consul docs, commands, environment variables).

An address is a URL without credentials. Its scheme is `http` or `https`, or `http+PLATFORM…` if a platform has its own
way to reach an agent: then the module `consul_access` of that platform provides the adapter.
"""

import importlib
import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from consul_on_pulumi.consul.connection import current, used

TOKEN = "token"
"""The key of the ACL token in the stack's configuration."""

TOKEN_FILE, SSL_VERIFY = "CONSUL_HTTP_TOKEN_FILE", "CONSUL_HTTP_SSL_VERIFY"
CACERT, CAPATH, CLIENT_CERT, CLIENT_KEY = "CONSUL_CACERT", "CONSUL_CAPATH", "CONSUL_CLIENT_CERT", "CONSUL_CLIENT_KEY"
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")

_configured: dict[str, str] = {}


class CredentialsError(Exception):
    """An environment variable with a credential is wrong. The message names it."""


def use_token(token: str) -> None:
    """Use this token in this process."""
    _configured[TOKEN] = token


def problems(env: Mapping[str, str] = os.environ) -> Iterator[str]:
    """What is wrong with the environment variables, each with its name."""
    for name in (TOKEN_FILE, CACERT, CLIENT_CERT, CLIENT_KEY, CAPATH):
        if value := env.get(name):
            try:
                next(Path(value).iterdir(), None) if name == CAPATH else Path(value).open("rb").close()
            except OSError as error:
                reason = f"{value!r} cannot be read ({error.strerror})"
                yield f"{name}: {reason}, correct this environment variable or unset it"
    if env.get(CLIENT_KEY) and not env.get(CLIENT_CERT):
        yield f"{CLIENT_KEY}: has no effect without {CLIENT_CERT}, set both environment variables or none"
    if (verify := env.get(SSL_VERIFY, "").lower()) not in ("", *_FALSE, *_TRUE):
        yield f"{SSL_VERIFY}: expected true or false, got {verify!r}"


def token(env: Mapping[str, str] = os.environ) -> str | None:
    """The ACL token, or None."""
    if own := current().get("token"):
        return own
    if TOKEN in _configured:
        return _configured[TOKEN]
    if file := env.get(TOKEN_FILE):
        return Path(file).read_text().strip()
    return env.get("CONSUL_HTTP_TOKEN") or None


def has_token(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment has a token."""
    return bool(env.get(TOKEN_FILE) or env.get("CONSUL_HTTP_TOKEN"))


def add_credentials(session: requests.Session, env: Mapping[str, str] = os.environ) -> requests.Session:
    """Add the token and the certificates to a session. Raises CredentialsError."""
    if found := list(problems(env)):
        raise CredentialsError("; ".join(found))
    if (acl_token := token(env)) is not None:
        session.headers["X-Consul-Token"] = acl_token
    if env.get(SSL_VERIFY, "").lower() in _FALSE:
        session.verify = False
    elif authority := env.get(CACERT) or env.get(CAPATH):
        session.verify = authority
    if certificate := env.get(CLIENT_CERT):
        session.cert = (certificate, env.get(CLIENT_KEY) or certificate)
    return session


def session() -> requests.Session:
    """A session for addresses of every scheme, with the credentials of the user."""
    session = add_credentials(requests.Session())
    # A proxy from the environment reaches neither loopback addresses nor private networks.
    session.trust_env = False
    session.mount("http+", _PlatformAdapter())
    session.mount("https://", direct())
    return session


def direct() -> HTTPAdapter:
    """An adapter for addresses of agents, which trusts the authority of the cluster alone, if it has its own."""
    authority = current().get("authority")
    return _AuthorityAdapter(authority) if authority else HTTPAdapter()


def answers(base: str, timeout: float) -> bool:
    """Whether the agent at this address answers within `timeout` seconds. An HTTP error or a TLS error is an answer."""
    with session() as http:
        try:
            http.get(f"{base}/v1/agent/self", timeout=timeout)
        except requests.exceptions.SSLError:
            return True
        except requests.RequestException:
            return False
    return True


class _AuthorityAdapter(HTTPAdapter):
    """Verifies agents by one authority and nothing else."""

    def __init__(self, authority: str) -> None:
        self._context = ssl.create_default_context(cadata=authority)
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, ssl_context=self._context)

    def cert_verify(self, *_: Any) -> None:
        """The context does it."""


class _PlatformAdapter(BaseAdapter):
    """Passes each request to the adapter of the platform in its scheme. The adapter is loaded at the first request."""

    def __init__(self) -> None:
        super().__init__()
        self._adapters: dict[str, BaseAdapter] = {}
        # Requests may be sent by other threads, which have no connection of their own.
        self._connection = current()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        scheme = (request.url or "").partition(":")[0]
        if scheme not in self._adapters:
            platform = scheme.partition("+")[2].partition("-")[0]
            try:
                module = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.consul_access")
            except ModuleNotFoundError as error:
                raise requests.exceptions.InvalidSchema(f"{request.url}: no platform is called {platform}") from error
            with used(self._connection):
                self._adapters[scheme] = module.adapter(scheme)
        return self._adapters[scheme].send(request, *args, **options)

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()

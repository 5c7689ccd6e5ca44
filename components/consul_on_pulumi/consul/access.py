"""HTTP sessions with Consul, with the ACL token of a cluster and the certificates of the user.

A closed cluster has a token and an authority of its own.

The token is an argument of the cluster, else it comes from the environment variables of the `consul` command.
Certificates come only from those (Consul docs, commands, environment variables).

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

from consul_on_pulumi.model.connection import TOKEN_TEXT, UNKNOWN, UNKNOWN_YET, Connection, is_token

TOKEN, TOKEN_FILE, SSL_VERIFY = "CONSUL_HTTP_TOKEN", "CONSUL_HTTP_TOKEN_FILE", "CONSUL_HTTP_SSL_VERIFY"
CACERT, CAPATH, CLIENT_CERT, CLIENT_KEY = "CONSUL_CACERT", "CONSUL_CAPATH", "CONSUL_CLIENT_CERT", "CONSUL_CLIENT_KEY"
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


class CredentialsError(Exception):
    """A credential is wrong. The message names its setting or environment variable, and shows no secret."""


def problems(env: Mapping[str, str] = os.environ) -> Iterator[str]:
    """What is wrong with the environment variables, each with its name."""
    for name in (TOKEN_FILE, CACERT, CLIENT_CERT, CLIENT_KEY, CAPATH):
        if value := env.get(name):
            try:
                next(Path(value).iterdir(), None) if name == CAPATH else Path(value).open("rb").close()
            except OSError as error:
                reason = f"{value!r} cannot be read ({error.strerror})"
                yield f"{name}: {reason}, correct this environment variable or unset it"
    name = TOKEN_FILE if env.get(TOKEN_FILE) else TOKEN
    if not is_token(_given(env)):
        yield f"{name}: expected {TOKEN_TEXT} as token, correct this environment variable or unset it"
    if env.get(CLIENT_KEY) and not env.get(CLIENT_CERT):
        yield f"{CLIENT_KEY}: has no effect without {CLIENT_CERT}, set both environment variables or none"
    if (verify := env.get(SSL_VERIFY, "").lower()) not in ("", *_FALSE, *_TRUE):
        yield f"{SSL_VERIFY}: expected true or false, got {verify!r}"


def token(connection: Connection) -> str | None:
    """The ACL token for one cluster, or None."""
    if "token" in connection:
        return connection["token"].strip()
    return _given(os.environ) or None


def _given(env: Mapping[str, str]) -> str:
    """The token of the environment; empty if it has none, or a file that cannot be read."""
    if not (file := env.get(TOKEN_FILE)):
        return env.get(TOKEN, "").strip()
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def has_token() -> bool:
    """Whether the environment has a token."""
    return bool(os.environ.get(TOKEN_FILE) or os.environ.get(TOKEN))


def session(connection: Connection) -> requests.Session:
    """A session for addresses of every scheme, with the token and the certificates for one cluster.

    Raises CredentialsError.
    """
    session, env = requests.Session(), os.environ
    if found := list(problems()):
        raise CredentialsError("; ".join(found))
    if (acl_token := token(connection)) is not None:
        if not is_token(acl_token):
            # One of the stack's state, which an earlier release of this program did not check.
            raise CredentialsError(f"token: expected {TOKEN_TEXT}, correct it and run `pulumi up`")
        session.headers["X-Consul-Token"] = acl_token
    if env.get(SSL_VERIFY, "").lower() in _FALSE:
        session.verify = False
    elif authority := env.get(CACERT) or env.get(CAPATH):
        session.verify = authority
    if certificate := env.get(CLIENT_CERT):
        session.cert = (certificate, env.get(CLIENT_KEY) or certificate)
    # A proxy from the environment reaches neither loopback addresses nor private networks.
    session.trust_env = False
    session.mount("http+", _PlatformAdapter(connection))
    session.mount("https://", direct(connection))
    if UNKNOWN in connection:
        for scheme in ("http://", "https://", "http+"):
            session.mount(scheme, _NotYetKnown())
    return session


def direct(connection: Connection) -> HTTPAdapter:
    """An adapter for addresses of agents, which trusts the authority of the cluster alone, if it has its own."""
    return _AuthorityAdapter(connection["authority"]) if "authority" in connection else HTTPAdapter()


def answers(base: str, timeout: float, connection: Connection) -> bool:
    """Whether the agent at this address answers within `timeout` seconds. An HTTP error or a TLS error is an answer."""
    with session(connection) as http:
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
        # It may be an intermediate one.
        self._context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, ssl_context=self._context)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        # What the environment says is about other clusters: a context that verifies names cannot verify nothing, and
        # would trust what is in CONSUL_CACERT too.
        return super().send(request, *args, **{**options, "verify": True})

    def cert_verify(self, *_: Any) -> None:
        """The context does it."""


class _PlatformAdapter(BaseAdapter):
    """Passes each request to the adapter of the platform in its scheme. The adapter is loaded at the first request."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._adapters: dict[str, BaseAdapter] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        scheme = (request.url or "").partition(":")[0]
        if scheme not in self._adapters:
            platform = scheme.partition("+")[2].partition("-")[0]
            try:
                module = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.consul_access")
            except ModuleNotFoundError as error:
                raise requests.exceptions.InvalidSchema(f"{request.url}: no platform is called {platform}") from error
            self._adapters[scheme] = module.adapter(scheme, self._connection)
        return self._adapters[scheme].send(request, *args, **options)

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()


class _NotYetKnown(BaseAdapter):
    """Sends nothing while a preview does not know which cluster is meant."""

    def send(self, *args: Any, **options: Any) -> requests.Response:
        raise requests.ConnectionError(UNKNOWN_YET)

    def close(self) -> None:
        pass

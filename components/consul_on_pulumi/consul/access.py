"""HTTP sessions with Consul, with the ACL token and the certificates of the user.

An address is a URL without credentials. Its scheme is `http` or `https`, or `http+PLATFORM…` if a platform has its own
way to reach an agent: then the module `consul_access` of that platform provides the adapter.
"""

import importlib
from typing import Any

import requests
from requests.adapters import BaseAdapter

from consul_on_pulumi.consul import credentials


def session() -> requests.Session:
    """A session for addresses of every scheme, with the credentials of the user."""
    session = credentials.add_to(requests.Session())
    # A proxy from the environment reaches neither loopback addresses nor private networks.
    session.trust_env = False
    for scheme in ("http+", "https+"):
        session.mount(scheme, _PlatformAdapter())
    return session


def error_reason(error: requests.RequestException) -> str:
    """The error in one line: the message of the platform's adapter if it gave one, else the name of the exception."""
    message = error.args[0] if error.args else None
    return message if isinstance(message, str) else type(error).__name__


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


class _PlatformAdapter(BaseAdapter):
    """Passes each request to the adapter of the platform in its scheme. The adapter is loaded at the first request."""

    def __init__(self) -> None:
        super().__init__()
        self._adapters: dict[str, BaseAdapter] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        scheme = (request.url or "").partition(":")[0]
        if scheme not in self._adapters:
            platform = scheme.partition("+")[2].partition("-")[0]
            try:
                module = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.consul_access")
            except ModuleNotFoundError as error:
                raise requests.exceptions.InvalidSchema(f"{request.url}: no platform is called {platform}") from error
            self._adapters[scheme] = module.adapter(scheme)
        return self._adapters[scheme].send(request, *args, **options)

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()

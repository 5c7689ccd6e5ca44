"""HTTP sessions with Consul: any address that a state holds, with the token and the certificates of the user.

An address is a URL. Its scheme is `http` or `https`, or `http+PLATFORM…` where a platform has its own way to an agent:
that platform's module `consul_access` then provides the adapter. Addresses hold no credentials.
"""

import importlib
from typing import Any

import requests
from requests.adapters import BaseAdapter

from consul_on_pulumi.consul import credentials


def session() -> requests.Session:
    """A session that opens every kind of address, with the credentials that Consul asks for."""
    opened = credentials.equip(requests.Session())
    # A proxy of the environment knows neither loopback addresses nor private networks.
    opened.trust_env = False
    for scheme in ("http+", "https+"):
        opened.mount(scheme, _PlatformAdapter())
    return opened


def reason(error: requests.RequestException) -> str:
    """What went wrong: the message of an API server or a kubeconfig where there is one, else the kind of error."""
    said = error.args[0] if error.args else None
    return said if isinstance(said, str) else type(error).__name__


def answers(base: str, within: float) -> bool:
    """Whether the agent at this address answers within so many seconds, be it with a refusal."""
    with session() as opened:
        try:
            opened.get(f"{base}/v1/agent/self", timeout=within)
        except requests.exceptions.SSLError:
            return True
        except requests.RequestException:
            return False
    return True


class _PlatformAdapter(BaseAdapter):
    """Passes each request to the adapter of the platform that its scheme names, loaded at the first request."""

    def __init__(self) -> None:
        super().__init__()
        self._adapters: dict[str, BaseAdapter] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        scheme = (request.url or "").partition(":")[0]
        if scheme not in self._adapters:
            platform = scheme.partition("+")[2].partition("-")[0]
            try:
                module = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.consul_access")
            except ModuleNotFoundError as unknown:
                raise requests.exceptions.InvalidSchema(f"{request.url}: no platform is called {platform}") from unknown
            self._adapters[scheme] = module.adapter(scheme)
        return self._adapters[scheme].send(request, *args, **options)

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()

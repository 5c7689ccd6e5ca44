"""The few questions asked of the Docker engine, over its own socket, without the client."""

import http.client
import json
import os
import socket
from typing import Any
from urllib.parse import quote, urlsplit

from toolchain.errors import SetupError

DEFAULT = "unix:///var/run/docker.sock"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the socket file."""

    def __init__(self, path: str, timeout: float) -> None:
        """Connects on the first request."""
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        """Connects to the socket file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def host() -> str:
    """The engine's address, as the client and the plugin read it."""
    return os.environ.get("DOCKER_HOST") or DEFAULT


def connection(timeout: float) -> http.client.HTTPConnection:
    """A connection to the engine."""
    address = urlsplit(host())
    if address.scheme == "unix":
        return UnixConnection(address.path, timeout)
    if address.scheme in ("tcp", "http"):
        return http.client.HTTPConnection(address.hostname or "localhost", address.port or 2375, timeout=timeout)
    raise SetupError(f"DOCKER_HOST={host()} is of a kind that is not checked here; use unix:// or tcp://.")


def get(path: str, timeout: float = 5) -> Any:
    """The decoded answer, or None if the engine has no such thing or does not answer."""
    link = connection(timeout)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        link.close()


def version() -> str | None:
    """The engine's version, if it answers."""
    answer = get("/version")
    return str(answer["Version"]) if answer else None


def image_labels(name: str) -> dict[str, str] | None:
    """The labels of an image, if the engine has it."""
    answer = get(f"/images/{quote(name)}/json")
    return None if answer is None else dict((answer.get("Config") or {}).get("Labels") or {})

"""How the program reaches an agent in a container, and Docker's reason if it is silent.

An address `http+docker://CONTAINER:PORT` names the container and the loopback port that the engine publishes. On
another machine that port is out of reach, so the request goes through the engine.
"""

import re
from typing import Any
from urllib.parse import urlsplit

import pulumi
import requests
from requests.adapters import BaseAdapter

from consul_on_pulumi.consul import access
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker import crash
from consul_on_pulumi.platforms.docker.addressing import LOOPBACK
from consul_on_pulumi.platforms.docker.api import exec_tunnel, host

_URL = re.compile(r"[^/]+//(?P<container>[^/:]+):(?P<port>\d+)(?P<rest>.*)")


SCHEMES = {False: "http+docker", True: "http+docker-tls"}
"""The schemes of addresses, by whether the agents speak HTTPS."""


def server_address(container: str, port: pulumi.Input[int], *, https: bool = False) -> pulumi.Output[str]:
    """The address of one server's HTTP API for `consul/access.py`."""
    return pulumi.Output.format("{0}://{1}:{2}", SCHEMES[https], container, port)


def through_engine(container: str, published: str, connection: Connection) -> str:
    """The address of an agent whose port is `published` on the machine of the engine."""
    if host.is_local(connection) or not published.startswith(("http://", "https://")):
        return published
    return f"http+docker://{container}:{urlsplit(published).port}"


def adapter(scheme: str, connection: Connection) -> BaseAdapter:
    """The adapter for these addresses."""
    return ContainerAdapter(connection, "https" if scheme == SCHEMES[True] else "http")


class ContainerAdapter(BaseAdapter):
    """Sends requests to the published port, or through an engine on another machine.

    Where the agent does not answer, the error says what Docker knows of it.
    """

    def __init__(self, connection: Connection, scheme: str = "http") -> None:
        super().__init__()
        self._connection = connection
        self._scheme = scheme
        self._direct = access.direct(connection)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Raises requests.ConnectionError with the reason for no answer, or for an error of the server."""
        target = _URL.fullmatch(request.url or "")
        if target is None:
            raise requests.exceptions.InvalidURL(f"{request.url} does not name a container and a port")
        sent, port, scheme = request.copy(), int(target["port"]), self._scheme
        if not host.is_local(self._connection):
            # The tunnel ends at the agent's own loopback interface, which speaks plain HTTP.
            scheme = "http"
            port = exec_tunnel.local_port(self._connection, target["container"])
        sent.url = f"{scheme}://{LOOPBACK}:{port}{target['rest']}"
        try:
            answer = self._direct.send(sent, *args, **options)
        except requests.RequestException as error:
            if reason := crash.silence(self._connection, target["container"]):
                raise requests.ConnectionError(reason) from error
            raise
        # A server has no leader while the others are killed.
        if answer.status_code >= 500 and (reason := crash.killed_in_cluster(self._connection, target["container"])):
            raise requests.ConnectionError(reason)
        return answer

    def close(self) -> None:
        """Close all connections."""
        self._direct.close()

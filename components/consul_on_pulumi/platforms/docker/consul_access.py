"""How the program reaches a server in a container: at its published port, and with Docker's reason if it is silent.

An address `http+docker://CONTAINER:PORT` names the container and the loopback port; `http+docker-tls` where that port
speaks HTTPS.
"""

import re
from typing import Any

import pulumi
import requests
from requests.adapters import BaseAdapter

from consul_on_pulumi.consul import access
from consul_on_pulumi.platforms.docker import crash
from consul_on_pulumi.platforms.docker.addressing import LOOPBACK

_URL = re.compile(r"[^/]+//(?P<container>[^/:]+):(?P<port>\d+)(?P<rest>.*)")


SCHEMES = {False: "http+docker", True: "http+docker-tls"}
"""The schemes of addresses, by whether the agents speak HTTPS."""


def server_address(container: str, port: pulumi.Input[int], *, https: bool = False) -> pulumi.Output[str]:
    """The address of one server's HTTP API for `consul/access.py`."""
    return pulumi.Output.format("{0}://{1}:{2}", SCHEMES[https], container, port)


def adapter(scheme: str) -> BaseAdapter:
    """The adapter for these addresses."""
    return ContainerAdapter("https" if scheme == SCHEMES[True] else "http")


class ContainerAdapter(BaseAdapter):
    """Sends requests to the published port. Where the agent does not answer, the error says what Docker knows of it."""

    def __init__(self, scheme: str = "http") -> None:
        super().__init__()
        self._scheme = scheme
        self._direct = access.direct()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Raises requests.ConnectionError with the reason for no answer, or for an error of the server."""
        target = _URL.fullmatch(request.url or "")
        if target is None:
            raise requests.exceptions.InvalidURL(f"{request.url} does not name a container and a port")
        sent = request.copy()
        sent.url = f"{self._scheme}://{LOOPBACK}:{target['port']}{target['rest']}"
        try:
            answer = self._direct.send(sent, *args, **options)
        except requests.RequestException as error:
            if reason := crash.silence(target["container"]):
                raise requests.ConnectionError(reason) from error
            raise
        # A server has no leader while the others are killed.
        if answer.status_code >= 500 and (reason := crash.killed_in_cluster(target["container"])):
            raise requests.ConnectionError(reason)
        return answer

    def close(self) -> None:
        """Close all connections."""
        self._direct.close()

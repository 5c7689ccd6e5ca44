"""A port on this machine that leads to the agent in a container, through the engine, as `docker exec` does.

An engine on another machine publishes ports on the loopback address there.
"""

import json
import socket
import threading
from contextlib import suppress
from functools import cache
from typing import Any

import requests

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.addressing import LOOPBACK

CHUNK = 64 * 1024
"""Bytes per read."""
COMMAND = ["nc", LOOPBACK, str(ports.HTTP)]
NO_COMMAND = (126, 127)
"""Exit statuses of a command that does not exist."""
OUTPUT = 1
"""The stream of a frame with output."""


def local_port(connection: Connection, container: str) -> int:
    """The loopback port that leads to the container as long as this process runs.

    Raises requests.ConnectionError if its image has no `nc`. Where the container does not run, connections are closed.
    """
    tunnel = _tunnel(json.dumps(connection, sort_keys=True), container)
    if tunnel.fault:
        raise requests.ConnectionError(tunnel.fault)
    return tunnel.port


class Tunnel:
    """A listener; each connection to it is one `nc` in the container."""

    def __init__(self, connection: Connection, container: str) -> None:
        self._connection, self._container = connection, container
        self.fault = ""
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            local, _ = self._listener.accept()
            threading.Thread(target=self._forward, args=(local,), daemon=True).start()

    def _forward(self, local: socket.socket) -> None:
        # Whatever fails, the user of the port sees its connection close.
        with local, suppress(Exception), engine.connect(self._connection) as client:
            command = client.api.exec_create(self._container, COMMAND, stdin=True)["Id"]
            remote = client.api.exec_start(command, socket=True)
            # Over TLS it is the socket itself.
            stream: Any = getattr(remote, "_sock", remote)
            stream.settimeout(None)
            threading.Thread(target=_copy_from_container, args=(stream, local), daemon=True).start()
            while data := local.recv(CHUNK):
                stream.sendall(data)
            missing = client.api.exec_inspect(command)["ExitCode"] in NO_COMMAND
            fault = f"the image of {self._container} has no `nc`, through which this program reaches the agent"
            self.fault = fault if missing else ""
            stream.shutdown(socket.SHUT_RDWR)


@cache
def _tunnel(connection: str, container: str) -> Tunnel:
    return Tunnel(json.loads(connection), container)


def _copy_from_container(stream: Any, local: socket.socket) -> None:
    with suppress(OSError, EOFError):
        while True:
            header = _read(stream, 8)
            data = _read(stream, int.from_bytes(header[4:], "big"))
            if header[0] == OUTPUT:
                local.sendall(data)
    with suppress(OSError):
        local.shutdown(socket.SHUT_RDWR)


def _read(stream: Any, size: int) -> bytes:
    found = b""
    while len(found) < size:
        if not (piece := stream.recv(min(CHUNK, size - len(found)))):
            raise EOFError
        found += piece
    return found

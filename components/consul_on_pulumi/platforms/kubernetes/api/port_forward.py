"""A way through the API server to a port of a pod: each tunnel begins at a port of this host, as kubectl's does.

It goes by the kubelet to the pod's own loopback, so neither a network policy nor a firewall between the control plane
and the pods is in its way.
"""

import contextlib
import socket
import threading
from typing import Any

import requests

from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster

HANDSHAKE = 5.0
"""Seconds for the API server to agree to a tunnel."""
CHUNK = 64 * 1024
"""Bytes that are passed on at once."""
DATA, ERROR = 0, 1
"""Channels of one forwarded port; the first frame of each only repeats the port's number."""
REFUSED = (401, 403, 405, 501)
"""Answers that no other pod or time would change."""

Place = tuple[Cluster, str, str, int]
"""Cluster, namespace, pod, port."""

_entrances: dict[Place, socket.socket] = {}
_digging = threading.Lock()


class TunnelRefusedError(Exception):
    """The API server forwards no port: the right to `pods/portforward` is missing, or something before it forbids."""


def entrance(place: Place) -> int:
    """The loopback port whose connections end at `place`, for as long as this process runs.

    Raises TunnelRefusedError, and requests.ConnectionError where there is no API server to ask. A pod that is not there
    or does not listen closes the connection instead.
    """
    with _digging:
        if place not in _entrances:
            if (first := _dig(place)) is not None:
                first.close()
            _entrances[place] = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=_serve, args=(place, _entrances[place]), daemon=True).start()
        port: int = _entrances[place].getsockname()[1]
        return port


def _serve(place: Place, listener: socket.socket) -> None:
    while True:
        near, _ = listener.accept()
        threading.Thread(target=_connect, args=(place, near), daemon=True).start()


def _connect(place: Place, near: socket.socket) -> None:
    # Whatever breaks a tunnel, the one who uses it sees its connection end.
    with near, contextlib.suppress(Exception):
        far = _dig(place)
        if far is not None:
            threading.Thread(target=_from_pod, args=(far, near), daemon=True).start()
            _to_pod(near, far)


def _to_pod(near: socket.socket, far: Any) -> None:
    with contextlib.closing(far):
        while data := near.recv(CHUNK):
            far.send_binary(bytes([DATA]) + data)


def _from_pod(far: Any, near: socket.socket) -> None:
    begun = set()
    with contextlib.suppress(Exception):
        while frame := far.recv():
            channel, data = frame[0], frame[1:]
            if channel in begun:
                if channel == ERROR:
                    break
                near.sendall(data)
            begun.add(channel)
    with contextlib.suppress(OSError):
        near.shutdown(socket.SHUT_RDWR)


def _dig(place: Place) -> Any:
    """A WebSocket to `place`, or None where there is no such pod yet."""
    from kubernetes.stream.ws_client import create_websocket
    from websocket import WebSocketBadStatusException, WebSocketException, setdefaulttimeout

    cluster, namespace, pod, port = place
    configuration = kubeconfig.access(cluster)
    host = "ws" + configuration.host.removeprefix("http")
    url = f"{host}/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"
    headers = {key.lower(): value for key, value in kubeconfig.authorization(configuration).items()}
    setdefaulttimeout(HANDSHAKE)
    try:
        far = create_websocket(configuration, url, headers | {"sec-websocket-protocol": "v4.channel.k8s.io"})
    except WebSocketBadStatusException as refused:
        if refused.status_code in REFUSED:
            raise TunnelRefusedError(f"{refused.status_code} for {url}") from refused
        return None
    except (WebSocketException, OSError) as error:
        raise requests.ConnectionError(f"{configuration.host}: {error}") from error
    far.settimeout(None)
    return far

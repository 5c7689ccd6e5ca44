"""Port forwarding to a pod through the API server, as `kubectl port-forward` does it.

The kubelet connects to the pod's own loopback interface. So neither a network policy nor a firewall between the control
plane and the pods blocks the connection.
"""

import contextlib
import socket
import threading
from typing import Any

import requests

from consul_on_pulumi.platforms.kubernetes.api import answers, kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster

HANDSHAKE_TIMEOUT = 5.0
"""Seconds for the API server to accept a WebSocket."""
CHUNK = 64 * 1024
"""Bytes per read."""
DATA, ERROR = 0, 1
"""Channels of a forwarded port. The first frame of each contains only the port number."""
REFUSED = (401, 403, 405, 501)
"""Status codes that are the same for every pod and at any time."""

Target = tuple[Cluster, str, str, int]
"""Cluster, namespace, pod, port."""

_listeners: dict[Target, socket.socket] = {}
_listening = threading.Lock()


class PortForwardRefusedError(Exception):
    """The API server forwards no ports: the right to `pods/portforward` is missing, or a proxy before it refuses."""


def local_port(target: Target) -> int:
    """The loopback port that is forwarded to `target` as long as this process runs.

    Raises PortForwardRefusedError, and requests.ConnectionError if the API server does not answer. If the pod does not
    exist or does not listen, connections to the port are closed.
    """
    with _listening:
        if target not in _listeners:
            if (first := _connect(target)) is not None:
                first.close()
            _listeners[target] = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=_accept, args=(target, _listeners[target]), daemon=True).start()
        port: int = _listeners[target].getsockname()[1]
        return port


def _accept(target: Target, listener: socket.socket) -> None:
    while True:
        local, _ = listener.accept()
        threading.Thread(target=_forward, args=(target, local), daemon=True).start()


def _forward(target: Target, local: socket.socket) -> None:
    # Whatever fails, the user of the port sees its connection close.
    with local, contextlib.suppress(Exception):
        remote = _connect(target)
        if remote is None:
            return
        with contextlib.closing(remote):
            threading.Thread(target=_copy_from_pod, args=(remote, local), daemon=True).start()
            while data := local.recv(CHUNK):
                remote.send_binary(bytes([DATA]) + data)


def _copy_from_pod(remote: Any, local: socket.socket) -> None:
    started = set()
    with contextlib.suppress(Exception):
        while frame := remote.recv():
            channel, data = frame[0], frame[1:]
            if channel in started:
                if channel == ERROR:
                    break
                local.sendall(data)
            started.add(channel)
    with contextlib.suppress(OSError):
        local.shutdown(socket.SHUT_RDWR)


def _connect(target: Target) -> Any:
    """A WebSocket to `target`, or None if the pod does not exist yet."""
    cluster, namespace, pod, port = target
    # First, since it imports the whole package under a lock: threads that import parts of it find some half loaded.
    configuration = kubeconfig.access(cluster)
    from kubernetes.stream.ws_client import create_websocket
    from websocket import WebSocketBadStatusException, WebSocketException, setdefaulttimeout

    host = "ws" + configuration.host.removeprefix("http")
    url = f"{host}/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"
    headers = {key.lower(): value for key, value in kubeconfig.authorization(configuration).items()}
    setdefaulttimeout(HANDSHAKE_TIMEOUT)
    try:
        remote = create_websocket(configuration, url, headers | {"sec-websocket-protocol": "v4.channel.k8s.io"})
    except WebSocketBadStatusException as refused:
        if refused.status_code in REFUSED:
            raise PortForwardRefusedError(answers.handshake(refused)) from refused
        return None
    except (WebSocketException, OSError) as error:
        raise requests.ConnectionError(f"{configuration.host}: {error}") from error
    remote.settimeout(None)
    return remote

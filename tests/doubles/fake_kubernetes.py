"""An in-process Kubernetes API server: one StatefulSet, its pods and claims, events, port forwarding and the proxy.

It answers like Kubernetes 1.34 on the few paths that the program uses. It has no admission, no validation and no real
timing.
"""

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig, port_forward

from tests.doubles.http_server import Handler, Server

TOKEN = "let-me-in"
NAMESPACE = "dev"
SET = "dev-server"
Object = dict[str, Any]


def pod(ordinal: int, *, revision: str = "dev-server-old", spec_hash: str = "old", generation: int = 1) -> Object:
    """A pod that runs and is ready."""
    return {
        "metadata": {
            "name": f"{SET}-{ordinal}",
            "uid": f"uid-{ordinal}-{generation}",
            "labels": {"controller-revision-hash": revision},
            "annotations": {"consul-on-pulumi/spec-hash": spec_hash},
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "consul", "state": {"running": {}}}],
        },
    }


def claim(ordinal: int, **metadata: Any) -> Object:
    """The bound claim of a server."""
    name = f"data-{SET}-{ordinal}"
    return {
        "metadata": {"name": name, "labels": {}, **metadata},
        "spec": {"volumeName": f"volume-{ordinal}", "resources": {"requests": {"storage": "10Gi"}}},
        "status": {"phase": "Bound"},
    }


def waiting(found: Object, reason: str, message: str) -> Object:
    """The same pod with a waiting container."""
    state = {"waiting": {"reason": reason, "message": message}}
    conditions = [{"type": "Ready", "status": "False"}]
    return found | {"status": {"conditions": conditions, "containerStatuses": [{"name": "consul", "state": state}]}}


def matching(objects: Iterable[Object], labels: str) -> list[Object]:
    """The objects that a label selector selects."""
    wanted = dict(one.split("=") for one in labels.split(",") if one)
    return [one for one in objects if wanted.items() <= one["metadata"]["labels"].items()]


@dataclass
class FakeKubernetes:
    """One namespace with one StatefulSet of three."""

    exists: bool = True
    """Whether the StatefulSet does."""
    replicas: int = 3
    generation: int = 1
    observed: int = 1
    revision: str = "dev-server-old"
    spec_hash: str = "old"
    """The spec hash of the template, and so of a new pod."""
    pods: dict[str, Object] = field(default_factory=lambda: {f"{SET}-{n}": pod(n) for n in range(3)})
    workloads: dict[str, Object] = field(default_factory=dict)
    """Workloads of clients, by their path below `apps/v1` of the namespace: `deployments/dev-client`."""
    replica_sets: list[Object] = field(default_factory=list)
    claims: dict[str, Object] = field(default_factory=lambda: {f"data-{SET}-{n}": claim(n) for n in range(3)})
    objects: dict[str, Object] = field(default_factory=dict)
    """Any other objects, by their path."""
    labels: dict[str, str] = field(default_factory=dict)
    """Of the StatefulSet."""
    events: list[Object] = field(default_factory=list)
    behind: dict[tuple[str, int], int] = field(default_factory=dict)
    """Pod and port to the loopback port of the fake agent."""
    forwards: int = 101
    """Status code for a port forward request; 101 accepts it."""
    refusals: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    """Method and prefix of a path to the status and message of an error; one that begins with `<` is the whole
    answer of another web server."""
    remake: Callable[[str, Object], Object | None] | None = None
    """Changes a pod that the controller creates; None: the controller creates none."""
    deleted: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    """In their order: workloads that were deleted in the foreground, and pods with the seconds for their end."""
    scaled: list[int] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    on_delete: Callable[[str], object] = lambda name: None
    on_scale: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self._server = _Server(self)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def is_the_current(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Make this the current cluster of the environment, and empty all caches."""
        monkeypatch.setenv("KUBECONFIG", str(self.kubeconfig(folder)))
        monkeypatch.setattr(kubeconfig, "_loaded", {})
        monkeypatch.setattr(port_forward, "_listeners", {})

    def kubeconfig(self, folder: Path, *, context: str = "here") -> Path:
        """A kubeconfig for this server, with a token."""
        file = folder / "kubeconfig"
        cluster = {"server": self._server.url}
        found = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "contexts": [{"name": context, "context": {"cluster": "fake", "user": "tester"}}],
            "clusters": [{"name": "fake", "cluster": cluster}],
            "users": [{"name": "tester", "user": {"token": TOKEN}}],
        }
        file.write_text(json.dumps(found))
        return file

    def set_template(self, spec_hash: str) -> None:
        """Give the StatefulSet another template."""
        self.generation = self.observed = self.generation + 1
        self.spec_hash, self.revision = spec_hash, f"dev-server-{spec_hash}"

    def answer(self, method: str, path: str, body: Any, labels: str = "") -> tuple[int, Any]:
        """Status and content for one API request; `labels` is the label selector of a list."""
        self.asked.append((method, path))
        for (refused, prefix), error in self.refusals.items():
            if method == refused and path.startswith(prefix):
                return error[0], error[1] if error[1].startswith("<") else _status(*error)
        core, apps = f"/api/v1/namespaces/{NAMESPACE}", f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{SET}"
        match method, path:
            case "GET", found if found in self.objects:
                return 200, self.objects[found]
            case "GET", found if found == apps and self.exists:
                return 200, self._stateful_set()
            case "DELETE", found if found.startswith(apps.rpartition("/statefulsets")[0]):
                return 200, self._end(found.removeprefix(apps.rpartition("/statefulsets")[0] + "/"), body)
            case "PATCH", found if found == f"{apps}/scale":
                self._scale(int(body["spec"]["replicas"]))
                return 200, body
            case "GET", found if (
                name := found.removeprefix(apps.rpartition("/statefulsets")[0] + "/")
            ) in self.workloads:
                return 200, self.workloads[name]
            case "GET", found if found.endswith("/replicasets"):
                return 200, {"items": matching(self.replica_sets, labels)}
            case "GET", found if found == f"{core}/pods":
                return 200, {"items": matching(self.pods.values(), labels)}
            case "GET", found if found == f"{core}/events":
                return 200, {"items": self.events}
            case "GET", found if found == f"{core}/persistentvolumeclaims":
                return 200, {"items": matching(self.claims.values(), labels)}
            case "PATCH", found if found.startswith(f"{core}/secrets/"):
                self.objects[found] = {**body, "metadata": {**body["metadata"], "uid": "uid-of-secret"}}
                return 200, body
            case "DELETE", found if found in self.objects:
                return 200, self.objects.pop(found)
            case "GET" | "DELETE" | "PATCH", found if found.startswith(f"{core}/"):
                kind, _, name = found.removeprefix(f"{core}/").partition("/")
                return self._object(method, kind, name, body)
        return 404, _status(404, f"the fake knows no {path}")

    def _object(self, method: str, kind: str, name: str, body: Any) -> tuple[int, Any]:
        found = (self.pods if kind == "pods" else self.claims).get(name)
        if found is None:
            return 404, _status(404, f'{kind} "{name}" not found')
        if method == "DELETE":
            if body["preconditions"]["uid"] != found["metadata"]["uid"]:
                return 409, _status(409, "the UID in the precondition does not match")
            if "gracePeriodSeconds" in body:
                self.ended.append(f"pods/{name} in {body['gracePeriodSeconds']} s")
                del self.pods[name]
                self.workloads = {path: one for path, one in self.workloads.items() if path not in self.ended}
            elif kind != "pods":
                del self.claims[name]
            else:
                self._delete_pod(name, found)
        elif method == "PATCH":
            if "spec" in body:
                found["spec"]["resources"]["requests"] |= body["spec"]["resources"]["requests"]
            labels = found["metadata"].get("labels", {}) | body.get("metadata", {}).get("labels", {})
            found["metadata"]["labels"] = {key: value for key, value in labels.items() if value is not None}
            found["metadata"].setdefault("annotations", {}).update(body.get("metadata", {}).get("annotations", {}))
        return 200, found

    def _end(self, workload: str, options: Any) -> Object:
        assert options["propagationPolicy"] == "Foreground", options
        self.ended.append(workload)
        # Foreground: it exists as long as its pods do.
        if not any(name.startswith(f"{workload.rpartition('/')[2]}-") for name in self.pods):
            self.exists = self.exists and workload != f"statefulsets/{SET}"
            self.workloads.pop(workload, None)
        return {}

    def _delete_pod(self, name: str, found: Object) -> None:
        self.deleted.append(name)
        self.on_delete(name)
        ordinal, generation = int(name.rpartition("-")[2]), int(found["metadata"]["uid"].rpartition("-")[2]) + 1
        fresh = pod(ordinal, revision=self.revision, spec_hash=self.spec_hash, generation=generation)
        made = self.remake(name, fresh) if self.remake else fresh
        if made is None:
            del self.pods[name]
        else:
            self.pods[name] = made

    def _scale(self, replicas: int) -> None:
        self.scaled.append(replicas)
        self.replicas = replicas
        self.on_scale()
        for name in [name for name in self.pods if int(name.rpartition("-")[2]) >= replicas]:
            del self.pods[name]
        for ordinal in range(replicas):
            self.pods.setdefault(f"{SET}-{ordinal}", pod(ordinal, revision=self.revision, spec_hash=self.spec_hash))

    def _stateful_set(self) -> Object:
        annotations = {"consul-on-pulumi/spec-hash": self.spec_hash}
        return {
            "metadata": {"name": SET, "uid": "uid-of-set", "generation": self.generation, "labels": self.labels},
            "spec": {"replicas": self.replicas, "template": {"metadata": {"annotations": annotations}}},
            "status": {"observedGeneration": self.observed, "updateRevision": self.revision},
        }


class _Server(Server):
    def __init__(self, kubernetes: FakeKubernetes) -> None:
        super().__init__(_Handler)
        self.kubernetes = kubernetes


class _Handler(Handler):
    server: _Server

    def respond(self, body: bytes) -> None:
        url = urlsplit(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.send(401, _status(401, "Unauthorized"))
        elif url.path.endswith("/portforward"):
            self._forward(url.path.split("/")[-2], int(parse_qs(url.query)["ports"][0]))
        elif "/proxy/" in url.path:
            self._proxy(body)
        else:
            labels = "".join(parse_qs(url.query).get("labelSelector", []))
            sent = json.loads(body) if body else None
            self.send(*self.server.kubernetes.answer(self.command, url.path, sent, labels))

    def _proxy(self, body: bytes) -> None:
        kubernetes = self.server.kubernetes
        head, _, rest = self.path.partition("/proxy")
        kubernetes.asked.append((self.command, self.path))
        name, _, port = head.rpartition("/")[2].rpartition(":")
        for (method, prefix), error in kubernetes.refusals.items():
            if method == self.command and self.path.startswith(prefix):
                return self.send(error[0], _status(*error))
        if (name, int(port)) not in kubernetes.behind:
            return self.send(503, _status(503, "error trying to reach service: dial tcp: connection refused"))
        headers = {key: value for key, value in self.headers.items() if key not in ("Host", "Authorization")}
        url = f"http://127.0.0.1:{kubernetes.behind[name, int(port)]}{rest}"
        answer = requests.request(self.command, url, data=body, headers=headers, timeout=5)
        self.send(answer.status_code, answer.content)

    def _forward(self, name: str, port: int) -> None:
        """A WebSocket (RFC 6455) that carries the channels of `v4.channel.k8s.io`."""
        kubernetes = self.server.kubernetes
        kubernetes.asked.append(("FORWARD", name))
        if kubernetes.forwards != 101:
            return self.send(kubernetes.forwards, _status(kubernetes.forwards, "port forwarding is forbidden"))
        if (name, port) not in kubernetes.behind:
            return self.send(404, _status(404, f'pods "{name}" not found'))
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: v4.channel.k8s.io\r\nSec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
        )
        for channel in (0, 1):
            self._frame(bytes([channel]) + struct.pack("<H", port))
        self.close_connection = True
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", kubernetes.behind[name, port])) as far,
        ):
            threading.Thread(target=self._outwards, args=(far,), daemon=True).start()
            while data := self._unframed():
                far.sendall(data[1:])

    def _outwards(self, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                self._frame(b"\0" + data)
            self.wfile.write(b"\x88\x00")

    def _frame(self, payload: bytes) -> None:
        size = len(payload)
        head = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size) if size < 65536 else b""
        self.wfile.write(b"\x82" + (head or b"\x7f" + struct.pack("!Q", size)) + payload)

    def _unframed(self) -> bytes:
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] & 0x0F != 2:
            return b""
        size = head[1] & 0x7F
        if size >= 126:
            (size,) = struct.unpack("!H" if size == 126 else "!Q", self.rfile.read(2 if size == 126 else 8))
        mask = self.rfile.read(4)
        return bytes(byte ^ mask[number % 4] for number, byte in enumerate(self.rfile.read(size)))


def _status(code: int, message: str) -> Object:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}

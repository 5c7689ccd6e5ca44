"""A fake Consul in this process: KV with ModifyIndex, transactions, autopilot, status, and faults on demand.

It answers like Consul 1.20 where the program depends on it. It has no Raft, no ACLs and no real timing.
"""

import base64
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.doubles import snapshots
from tests.doubles.http_server import Handler, Server

MAX_OPERATIONS = 128
MAX_BODY = 512 * 1024
MAX_VALUE = 512 * 1024
LEADER = "172.30.0.2:8300"


class Fault(Enum):
    """A fault of one request."""

    NO_LEADER = "500 because there is no leader"
    BUSY = "429"
    BROKEN = "500 because of something else"
    FULL = "500 because the disk is full"
    LIMITED = "503"
    FORBIDDEN = "403"
    NO_ACLS_YET = "403 while no leader has ACLs"
    UNKNOWN_TOKEN = "401"
    SHUT_OUT = "403 because of http_config.allow_write_http_from"
    BLOCKED = "403 because of http_config.block_endpoints"
    TOO_LARGE = "413"
    OTHER_PROGRAM = "a page of another program"
    DENIED = "409 because the token does not allow the transaction"
    RESET = "the connection is reset before the request is done"
    HANG = "no answer"
    LOST_ANSWER = "the request is done, then the connection is reset"


@dataclass(frozen=True)
class Request:
    """One received request."""

    server: int
    method: str
    path: str
    query: dict[str, str]
    size: int
    reads: bool = False
    """Whether it is a transaction that only reads."""


@dataclass(frozen=True)
class Entry:
    """One entry of the KV store."""

    value: bytes
    index: int
    created: int
    flags: int = 0


@dataclass
class _PlannedFault:
    fault: Fault
    path: str
    method: str
    server: int | None
    times: float


@dataclass
class FakeConsul:
    """One cluster, with one address for each server."""

    servers: int = 1
    keys: dict[str, Entry] = field(default_factory=dict)
    autopilot: dict[str, Any] = field(
        default_factory=lambda: {
            "CleanupDeadServers": True,
            "LastContactThreshold": "200ms",
            "MaxTrailingLogs": 250,
            "MinQuorum": 0,
            "ServerStabilizationTime": "10s",
            "CreateIndex": 5,
            "ModifyIndex": 5,
        }
    )
    snapshot: bytes = field(default_factory=snapshots.snapshot)
    """The content of a snapshot, or the last snapshot that was restored."""
    max_value: int = MAX_VALUE
    """`limits.kv_max_value_size`."""
    max_body: int = MAX_BODY
    """`limits.txn_max_req_len`."""
    filtered: bool = False
    """Whether answers lack what the token may not read."""
    hidden: set[str] = field(default_factory=set)
    """The keys that the token may not read, which Consul leaves out of its answers."""
    cut: int | None = None
    """After so many bytes of an answer the connection is closed."""
    leader: str = LEADER
    reported_leader: dict[int, str] = field(default_factory=dict)
    """Server to the leader that it reports instead of `leader`."""
    canned: dict[tuple[int, str, str], Any] = field(default_factory=dict)
    """Server, method and path to the answer, for requests that the fake does not implement."""
    requests: list[Request] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    """Every ACL token that was sent, and None for a request without one."""

    def __post_init__(self) -> None:
        self._index = 10
        self._faults: list[_PlannedFault] = []
        self._before_write: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._listeners = [_Listener(self, number) for number in range(self.servers)]
        self.addresses = [listener.url for listener in self._listeners]

    def __enter__(self) -> Self:
        for listener in self._listeners:
            listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for listener in self._listeners:
            listener.stop()

    @property
    def texts(self) -> dict[str, str]:
        """Every key and its value."""
        return {key: entry.value.decode() for key, entry in self.keys.items()}

    @property
    def index(self) -> int:
        """The Raft index of the last change."""
        return self._index

    def write(self, key: str, text: str | bytes, flags: int = 0) -> None:
        """Write as another program."""
        with self._lock:
            self._index += 1
            self._set(key, text.encode() if isinstance(text, str) else text, flags)

    def _set(self, key: str, value: bytes, flags: int) -> None:
        created = self.keys[key].created if key in self.keys else self._index
        self.keys[key] = Entry(value, self._index, created, flags)

    def fail(
        self, fault: Fault, path: str = "/", *, method: str = "", server: int | None = None, times: float = 1
    ) -> None:
        """The next `times` requests below `path` fail."""
        self._faults.append(_PlannedFault(fault, path, method, server, times))

    def recover(self) -> None:
        """Remove all faults."""
        self._faults.clear()
        self._before_write.clear()

    def before_write(self, action: Callable[[], None]) -> None:
        """Run `action` before the next write. Several actions run before one write each."""
        self._before_write.append(action)

    def writes(self) -> list[Request]:
        """The requests that write."""
        return [one for one in self.requests if one.method != "GET" and not one.reads]

    def fault_of(self, request: Request) -> Fault | None:
        """The fault of this request, or None."""
        with self._lock:
            self.requests.append(request)
            for planned in self._faults:
                if (
                    planned.times > 0
                    and request.path.startswith(planned.path)
                    and request.method.startswith(planned.method)
                    and planned.server in (None, request.server)
                ):
                    planned.times -= 1
                    return planned.fault
        return None

    def wait_until_closed(self) -> None:
        """Wait until the test ends."""
        self._closing.wait(10)

    def answer(self, request: Request, body: bytes) -> tuple[int, Any]:
        """Status and content. Text and bytes are sent as they are, other content as JSON."""
        with self._lock:
            if request.method != "GET" and not request.reads and self._before_write:
                self._before_write.pop(0)()
            if (request.server, request.method, request.path) in self.canned:
                return 200, self.canned[request.server, request.method, request.path]
            match request.method, request.path:
                case "GET", "/v1/status/leader":
                    return 200, json.dumps(self.reported_leader.get(request.server, self.leader))
                case "GET", "/v1/operator/autopilot/configuration":
                    return 200, self.autopilot
                case "GET", "/v1/operator/autopilot/state":
                    return 200, {"Servers": None}
                case "PUT", "/v1/operator/autopilot/configuration":
                    return 200, self._configure(json.loads(body), request.query)
                case "GET", "/v1/snapshot":
                    return 200, self.snapshot
                case "PUT", "/v1/snapshot":
                    self.snapshot = body
                    return 200, ""
                case "PUT", "/v1/txn":
                    return self._transact(body)
                case "GET", path if path.startswith("/v1/kv/") and "keys" in request.query:
                    names = [key for key in self._seen() if key.startswith(path.removeprefix("/v1/kv/"))]
                    return (200, names) if names else (404, "")
                case "GET", path if path.startswith("/v1/kv/") and "recurse" in request.query:
                    return self._below(path.removeprefix("/v1/kv/"))
                case "PUT", path if path.startswith("/v1/kv/"):
                    return self._put(
                        path.removeprefix("/v1/kv/"), body, int(request.query["cas"]), int(request.query["flags"])
                    )
        return 400, f"the fake does not implement {request.method} {request.path}"

    def _below(self, prefix: str) -> tuple[int, Any]:
        found = [_entry_json(key, self.keys[key]) for key in self._seen() if key.startswith(prefix)]
        return (200, found) if found else (404, "")

    def _seen(self) -> list[str]:
        return sorted(self.keys.keys() - self.hidden)

    def lacks(self, path: str) -> bool:
        """Whether the answer of a read lacks keys that the token may not read."""
        prefix = path.removeprefix("/v1/kv/")
        return self.filtered or (
            prefix != path and any(key.startswith(prefix) for key in self.keys if key in self.hidden)
        )

    def _put(self, key: str, value: bytes, index: int, flags: int) -> tuple[int, str]:
        if len(value) > self.max_value:
            return 413, f"Request body({len(value)} bytes) too large, max size: {self.max_value} bytes."
        if index != self._index_of(key):
            return 200, "false"
        self.write(key, value, flags)
        return 200, "true"

    def _transact(self, body: bytes) -> tuple[int, Any]:
        operations = [operation["KV"] for operation in json.loads(body)]
        if len(body) > max(self.max_body, self.max_value):
            most = max(self.max_body, self.max_value)
            return 413, f"Request body({len(body)} bytes) too large, max size: {most} bytes."
        for operation in operations:
            if len(base64.b64decode(operation.get("Value", ""))) > self.max_value:
                return 413, f"Value for key {operation['Key']!r} is too large (max {self.max_value} bytes)"
        if len(operations) > MAX_OPERATIONS:
            return 413, f"Transaction contains too many operations ({len(operations)} > {MAX_OPERATIONS})"
        if all(operation["Verb"] == "get-or-empty" for operation in operations):
            absent = Entry(b"", 0, 0)
            found = [_entry_json(key, self.keys.get(key, absent)) for key in (one["Key"] for one in operations)]
            seen = [{"KV": entry} for entry in found if entry["Key"] not in self.hidden]
            return 200, {"Results": seen, "Errors": None}
        stale = []
        for number, operation in enumerate(operations):
            present = self._index_of(operation["Key"])
            # Deleting what is gone already is no error.
            fine = operation["Index"] == present or (operation["Verb"] == "delete-cas" and present == 0)
            if not fine:
                what = "set" if operation["Verb"] == "cas" else "delete"
                stale.append({"OpIndex": number, "What": f'failed to {what} key "{operation["Key"]}", index is stale'})
        if stale:
            return 409, {"Results": None, "Errors": stale}
        self._index += 1
        for operation in operations:
            if operation["Verb"] == "cas":
                self._set(operation["Key"], base64.b64decode(operation["Value"]), operation["Flags"])
            else:
                self.keys.pop(operation["Key"], None)
        return 200, {"Results": [], "Errors": None}

    def _configure(self, wanted: dict[str, Any], query: dict[str, str]) -> str:
        if int(query["cas"]) != self.autopilot["ModifyIndex"]:
            return "false"
        self._index += 1
        self.autopilot = wanted | {"ModifyIndex": self._index}
        return "true"

    def _index_of(self, key: str) -> int:
        return self.keys[key].index if key in self.keys else 0


def _entry_json(key: str, entry: Entry) -> dict[str, Any]:
    return {
        "Key": key,
        # Consul returns null for an empty value.
        "Value": base64.b64encode(entry.value).decode() or None,
        "Flags": entry.flags,
        "LockIndex": 0,
        "CreateIndex": entry.created,
        "ModifyIndex": entry.index,
    }


class _Listener(Server):
    def __init__(self, consul: FakeConsul, number: int) -> None:
        super().__init__(_Handler)
        self.consul = consul
        self.number = number


class _Handler(Handler):
    server: _Listener

    def respond(self, body: bytes) -> None:
        consul = self.server.consul
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        request = Request(
            self.server.number, self.command, unquote(url.path), query, len(body), b'"get-or-empty"' in body
        )
        consul.tokens.add(self.headers.get("X-Consul-Token"))
        match consul.fault_of(request):
            case Fault.NO_LEADER:
                self._send(500, "No cluster leader")
            case Fault.BUSY:
                self._send(429, "Your IP is issuing too many concurrent connections, please rate limit your calls")
            case Fault.FORBIDDEN:
                self._send(403, "Permission denied")
            case Fault.BROKEN:
                self._send(500, "rpc error making call: EOF")
            case Fault.FULL:
                self._send(500, "raft apply failed: write /consul/data/raft/wal/1.wal: no space left on device")
            case Fault.LIMITED:
                self._send(503, "rate limit exceeded for operation that can only be performed by the leader, try again")
            case Fault.NO_ACLS_YET:
                self._send(
                    403,
                    "ACL system must be bootstrapped before making any requests that require authorization: "
                    "ACL not found",
                )
            case Fault.UNKNOWN_TOKEN:
                self._send(401, "ACL not found")
            case Fault.SHUT_OUT:
                self._send(403, "Access is restricted")
            case Fault.BLOCKED:
                self._send(403, "Endpoint is blocked by agent configuration")
            case Fault.TOO_LARGE:
                self._send(413, "Request body(9 bytes) too large, max size: 8 bytes.")
            case Fault.OTHER_PROGRAM:
                self._send(200, "<html>It works!</html>")
            case Fault.DENIED:
                self._send(409, {"Results": None, "Errors": [{"OpIndex": 0, "What": "Permission denied: key:write."}]})
            case Fault.RESET:
                self._reset()
            case Fault.HANG:
                consul.wait_until_closed()
                self._reset()
            case Fault.LOST_ANSWER:
                consul.answer(request, body)
                self._reset()
            case None:
                self._send(*consul.answer(request, body))

    def _send(self, status: int, content: Any) -> None:
        consul = self.server.consul
        headers = {
            "X-Consul-Index": str(consul.index),
            "X-Consul-Results-Filtered-By-ACLs": str(consul.lacks(unquote(urlsplit(self.path).path))).lower(),
        }
        self.send(status, content, headers, consul.cut)

    def _reset(self) -> None:
        # With a linger time of 0, closing the socket resets the connection.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

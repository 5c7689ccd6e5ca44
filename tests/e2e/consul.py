"""A client for a running Consul, over HTTP and DNS. It asks one agent at a time."""

import socket
import struct
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

import requests
from consul_on_pulumi.consul import access

from tests.e2e.waiting import eventually

_http = requests.Session()
_http.trust_env = False
_tokens: dict[str, str] = {}


def sign_in(bases: Iterable[str], outputs: Mapping[str, Any]) -> None:
    """Use the outputs of a closed cluster for its HTTPS addresses from now on."""
    for base in bases:
        if base.startswith("https:"):
            _http.mount(base, access.direct({"authority": outputs["authority"]}))
            _tokens[base] = outputs["management_token"]


def call(
    base: str, path: str, method: str = "GET", body: str | None = None, timeout: float = 10, token: str = ""
) -> requests.Response:
    token = token or _tokens.get(base, "")
    headers = {"X-Consul-Token": token} if token else {}
    answer = _http.request(method, base + path, data=body, timeout=timeout, headers=headers)
    if not answer.ok:
        raise requests.HTTPError(f"{method} {base}{path}: {answer.status_code} {answer.text.strip()}")
    return answer


def ask(base: str, path: str) -> Any:
    """The JSON answer of one agent."""
    return call(base, path).json()


def put(base: str, key: str, value: str) -> bool:
    """Whether the write was acknowledged."""
    return call(base, f"/v1/kv/{key}", "PUT", value).json() is True


def write(base: str, key: str, value: str) -> None:
    """A write that is repeated, as an application does, for the case that a server stopped before.

    An agent keeps connections to servers. It finds a closed one only when a request over it fails with `rpc error
    making call: stream closed`. It repeats a read, but not a write (`canRetry` in agent/rpc.go).
    """
    eventually(f"a write through {base}", lambda: put(base, key, value), bool, within=15)


def text(base: str, key: str) -> str:
    """The value of a key."""
    return call(base, f"/v1/kv/{key}?raw").text


def everything(base: str) -> dict[str, str]:
    """The value of every key."""
    found = ask(base, "/v1/kv/?recurse")
    return {entry["Key"]: b64decode(entry["Value"] or "").decode() for entry in found}


def keys(base: str) -> list[str]:
    found: list[str] = ask(base, "/v1/kv/?keys")
    return sorted(found)


def leaders(servers: Iterable[str]) -> set[str]:
    """The leaders that the servers report. One element means agreement; an empty one is a missing answer."""
    reported = set()
    for base in servers:
        try:
            reported.add(str(call(base, "/v1/status/leader", timeout=1).json()))
        except requests.RequestException:
            reported.add("")
    return reported


def members(base: str) -> dict[str, str]:
    """Status by node name of every member that this agent knows."""
    words = {0: "none", 1: "alive", 2: "leaving", 3: "left", 4: "failed"}
    return {member["Name"]: words[member["Status"]] for member in ask(base, "/v1/agent/members")}


def node_ids(base: str) -> dict[str, str]:
    return {node["Node"]: node["ID"] for node in ask(base, "/v1/catalog/nodes")}


def voters(base: str) -> dict[str, str]:
    """Node name and Raft address of every voter in this server's Raft configuration."""
    peers = ask(base, "/v1/operator/raft/configuration")["Servers"]
    return {peer["Node"]: peer["Address"] for peer in peers if peer["Voter"]}


def lookup(address: str, name: str, *, tcp: bool) -> list[str]:
    """The IPv4 addresses of `name` according to a DNS interface (RFC 1035)."""
    host, port = address.split(":")
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack("!6H", 0x2A2A, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as connection:
        connection.settimeout(5)
        connection.connect((host, int(port)))
        connection.sendall(struct.pack("!H", len(query)) + query if tcp else query)
        reply = _framed(connection) if tcp else connection.recv(4096)
    number, _flags, _questions, answers, _authorities, _more = struct.unpack("!6H", reply[:12])
    assert number == 0x2A2A, f"{address} answered another query"
    return sorted(_addresses(reply, len(query), answers))


def _framed(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        (length,) = struct.unpack("!H", stream.read(2))
        return stream.read(length)


def _addresses(reply: bytes, offset: int, answers: int) -> Iterable[str]:
    for _ in range(answers):
        # A name is a pointer of two bytes, or labels up to an empty one.
        offset = offset + 2 if reply[offset] & 0xC0 else reply.index(b"\0", offset) + 1
        kind, _class, _ttl, length = struct.unpack("!2HIH", reply[offset : offset + 10])
        offset += 10
        if kind == 1:
            yield socket.inet_ntoa(reply[offset : offset + length])
        offset += length

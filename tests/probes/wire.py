"""What a stranger sends to the ports of the agents without Consul's command."""

import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import suppress

import requests
import urllib3

from tests.e2e.consul import lookup
from tests.probes.commands import ACLS
from tests.probes.probe import Probe, Stranger

RPC, RAFT, TLS = b"\x00", b"\x01", b"\x03"
"""The first byte of a connection (Consul, agent/pool/conn.go)."""
SERVER, GOSSIP = 8300, 8301
PING, PUSH_PULL, COMPRESSED = 0, 6, 9
"""Types of messages (memberlist, net.go)."""
TIMEOUT = 2.0
PATHS = (
    ("reads the configuration of an agent", "agent/self", "NodeName"),
    ("reads what an agent runs on", "agent/host", "Memory"),
    ("reads the metrics", "agent/metrics", "Gauges"),
    ("reads the health of everything", "health/state/any", "serfHealth"),
    ("reads what the UI shows", "internal/ui/nodes", "server-0"),
    ("asks for the leader", "status/leader", ":8300"),
)
"""What is tried, the path, and what the answer has in it if it succeeds."""
STATUS = "Consul answers `/v1/status` always. It names addresses alone, and health checks need it"
NAMES = "`security.dns` is true by default, so that machines resolve names; `false` closes it"


def probes(stranger: Stranger) -> Iterator[Probe]:
    """All of them."""
    address = stranger.servers[0]
    asks = _text("ServiceMethod") + _text("Status.Leader") + _text("Seq") + b"\x00\x80"
    plain, mutual = "TLS: `verify_incoming`", "TLS: `verify_incoming`, by the authority of the cluster alone"

    def rpc(certificate: str = "") -> bool:
        request = RPC + b"\x82" + asks
        return any(b"Status.Leader" in answer for answer in _both(address, request, certificate))

    def raft(certificate: str = "") -> bool:
        """A connection that waits for more was accepted."""
        return any(answer == b"waits" for answer in _both(address, RAFT, certificate))

    who = "a container in the network"
    yield Probe(
        who, "calls a server without TLS", plain, lambda: b"Status.Leader" in _sent(address, RPC + b"\x82" + asks)
    )
    yield Probe(who, "calls a server without a certificate", mutual, rpc)
    for name in ("expired", "of another authority"):
        yield Probe(
            who,
            f"calls a server with a certificate that is {name}",
            mutual,
            lambda name=name: rpc(stranger.stolen.get(name, "")),  # type: ignore[misc]
        )
    yield Probe(who, "speaks Raft to a server without TLS", plain, lambda: _sent(address, RAFT) == b"waits")
    yield Probe(
        who,
        "speaks Raft with the certificate of a client",
        "TLS: only a server's certificate has the name `server.DATACENTER.consul`",
        lambda: raft(stranger.stolen.get("client", "")),
    )
    yield Probe(who, "pings an agent by gossip", "gossip encryption", lambda: _ping(address))
    yield Probe(who, "asks an agent by gossip for its members", "gossip encryption", lambda: _members(address))
    yield Probe(
        who,
        "shows the UI in a frame of a page of its own",
        "the header X-Frame-Options",
        lambda: "X-Frame-Options" not in _got(address, "ui/").headers,
    )
    for tries, path, shows in PATHS:
        yield Probe(
            who, tries, ACLS, lambda path=path, shows=shows: shows in _got(address, f"v1/{path}").text,  # type: ignore[misc]
            STATUS if path == "status/leader" else "",
        )  # fmt: skip
    yield Probe(
        who, "resolves a name", "", lambda: bool(lookup(f"{address}:8600", "consul.service.consul", tcp=False)), NAMES
    )
    yield Probe(who, "reads what others send to the API", "the API speaks TLS alone", lambda: _is_open(address, 8500))
    yield Probe(who, "reads what others send by gRPC", "gRPC speaks TLS alone", lambda: _is_open(address, 8502))


def _both(address: str, request: bytes, certificate: str) -> Iterator[bytes]:
    """The answers without and with TLS."""
    yield _sent(address, request)
    yield _sent(address, request, certificate, tls=True)


def _sent(address: str, request: bytes, certificate: str = "", *, tls: bool = False) -> bytes:
    """The answer of a server; `waits` if it says nothing and keeps the connection."""
    with suppress(ConnectionError, ssl.SSLError), socket.create_connection((address, SERVER), TIMEOUT) as plain:
        connection: socket.socket = plain
        if tls:
            plain.sendall(TLS)
            connection = _context(certificate).wrap_socket(plain, server_hostname="server.dc1.consul")
        connection.sendall(request)
        with suppress(TimeoutError):
            return connection.recv(4096)
        return b"waits"
    return b""


def _context(certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(certificate)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _ping(address: str) -> bool:
    message = bytes([PING, 0x82]) + _text("SeqNo") + b"\x07" + _text("Node") + _text("")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(TIMEOUT)
        connection.sendto(message, (address, GOSSIP))
        with suppress(TimeoutError):
            return bool(connection.recv(4096))
    return False


def _members(address: str) -> bool:
    header = b"\x83" + _text("Nodes") + b"\x00" + _text("UserStateLen") + b"\x00" + _text("Join") + b"\xc2"
    with suppress(OSError), socket.create_connection((address, GOSSIP), TIMEOUT) as connection:
        connection.sendall(bytes([PUSH_PULL]) + header)
        return connection.recv(4096)[:1] in (bytes([PUSH_PULL]), bytes([COMPRESSED]))
    return False


def _got(address: str, path: str) -> requests.Response:
    """The answer of an agent by HTTP, else by HTTPS, whoever serves it."""
    urllib3.disable_warnings()
    with suppress(requests.ConnectionError):
        return requests.get(f"http://{address}:8500/{path}", timeout=5)
    return requests.get(f"https://{address}:8501/{path}", timeout=5, verify=False)


def _is_open(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), TIMEOUT):
        return True
    return False


def _text(text: str) -> bytes:
    """A short text in MessagePack."""
    return bytes([0xA0 | len(text)]) + text.encode()

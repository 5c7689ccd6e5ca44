"""Agents of a closed cluster are verified by its own authority, whatever the environment says about other clusters."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from consul_on_pulumi.consul import access
from consul_on_pulumi.security import x509

NOW = datetime.now(UTC)
OWN, OTHER = (x509.authority(f"{name} authority", 30, NOW) for name in ("own", "other"))


class Agent(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def agent(signer: x509.Pair, folder: Path) -> Iterator[str]:
    """The address of a server with a certificate that this authority signed."""
    (folder / "agent.pem").write_text("".join(x509.certificate(signer, ["127.0.0.1"], 30, NOW)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "agent.pem")
    with HTTPServer(("127.0.0.1", 0), Agent) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}/v1/status/leader"
        finally:
            server.shutdown()
            thread.join()


def asked(address: str) -> int:
    with access.session({"authority": OWN[0]}) as session:
        return session.get(address, timeout=5).status_code


@pytest.fixture(params=["CONSUL_HTTP_SSL_VERIFY", "CONSUL_CACERT", "CONSUL_CAPATH", None])
def _environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_text(OTHER[0])
    values = {"CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CACERT": str(tmp_path / "other.pem")}
    if request.param:
        monkeypatch.setenv(request.param, values.get(request.param, str(tmp_path)))


@pytest.mark.usefixtures("_environment")
def test_bug_the_own_authority_of_a_cluster_decides_whatever_the_environment_says(tmp_path: Path) -> None:
    with agent(OWN, tmp_path) as address:
        assert asked(address) == 200
    with agent(OTHER, tmp_path) as address, pytest.raises(requests.exceptions.SSLError, match="verify failed"):
        asked(address)


def test_a_cluster_without_an_own_authority_is_verified_as_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other.pem").write_text(OTHER[0])
    with agent(OTHER, tmp_path) as address:
        monkeypatch.setenv("CONSUL_CACERT", str(tmp_path / "other.pem"))
        with access.session({}) as session:
            assert session.get(address, timeout=5).status_code == 200

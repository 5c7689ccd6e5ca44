"""Requests as they go over the wire."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kubernetes_plugin import cluster, connection
from kubernetes_plugin.connection import Connection
from kubernetes_plugin.errors import ApiError, UnreachableError
from kubernetes_plugin.kubeconfig import KubeconfigError
from kubernetes_plugin.settings import Settings


class Server(ThreadingHTTPServer):
    """Answers with what a test prepared, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, str, Any, str]] = []

    def connect(self, **user: Any) -> Connection:
        return Connection(Settings(kubeconfig=kubeconfig(f"http://127.0.0.1:{self.server_port}", **user)))


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = json.loads(body) if body else None
        media, token = self.headers.get("Content-Type", ""), self.headers.get("Authorization", "")
        self.server.asked.append((self.command, self.path, media, said, token))
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, {"ok": True})
        text = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        return


def kubeconfig(server: str, **user: Any) -> str:
    return json.dumps(
        {
            "current-context": "a",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u", "namespace": "web"}}],
        }
    )


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_a_request_carries_path_query_body_and_token(server: Server) -> None:
    connected = server.connect(token="t")
    assert connected.ask("PATCH", "/api/v1/x", {"a": [1]}, query={"force": "true"}, content_type=cluster.APPLY)

    assert server.asked == [("PATCH", "/api/v1/x?force=true", cluster.APPLY, {"a": [1]}, "Bearer t")]
    assert connected.default_namespace == "web"


def test_a_patch_may_be_a_list(server: Server) -> None:
    server.connect().ask("PATCH", "/x", [{"op": "add"}], content_type="application/json-patch+json")

    assert server.asked[0][2:4] == ("application/json-patch+json", [{"op": "add"}])


def test_a_refusal_is_told_in_the_servers_words(server: Server) -> None:
    server.answers = [(409, {"kind": "Status", "message": "it exists", "reason": "AlreadyExists", "details": {"a": 1}})]
    with pytest.raises(ApiError, match="it exists") as refused:
        server.connect().ask("POST", "/x", {})

    assert (refused.value.status, refused.value.reason, refused.value.details) == (409, "AlreadyExists", {"a": 1})


def test_a_refusal_in_other_words_is_told_too(server: Server) -> None:
    server.answers = [(502, "<html>bad gateway")]
    with pytest.raises(ApiError, match="Bad Gateway") as refused:
        server.connect().ask("GET", "/x")

    assert refused.value.status == 502


def test_a_busy_server_is_asked_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.time, "sleep", lambda _: None)
    server.answers = [(429, {"message": "busy"})] * 3
    assert server.connect().ask("POST", "/x", {}) == {"ok": True}
    server.answers = [(429, {"message": "busy"})] * 20
    with pytest.raises(ApiError, match="busy"):
        server.connect().ask("GET", "/x")

    assert len(server.asked) == 4 + connection.BUSY_RETRIES + 1


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="refused"):
        Connection(Settings(kubeconfig=kubeconfig("http://127.0.0.1:1"))).ask("GET", "/x")


@pytest.mark.parametrize(
    "user", [{"client-certificate-data": "bm8=", "client-key-data": "bm8="}, {"client-certificate": "/none"}]
)
def test_a_kubeconfig_that_cannot_be_used_says_so(user: Any) -> None:
    with pytest.raises(KubeconfigError, match="cannot be used"):
        Connection(Settings(kubeconfig=kubeconfig("https://127.0.0.1:1", **user)))

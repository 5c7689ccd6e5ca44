"""The HTTP server that the fakes share: each has one method for all requests."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """Serves on a free loopback port."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type["Handler"]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """End the thread, and close the port."""
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Handles the requests of one connection."""

    protocol_version = "HTTP/1.1"
    # Head and body are sent separately, which would cost 40 ms per request with delayed acknowledgements.
    disable_nagle_algorithm = True

    def respond(self, body: bytes) -> None:
        """Answer one request of any method."""
        raise NotImplementedError

    def send(self, status: int, content: Any, headers: Mapping[str, str] | None = None, cut: int | None = None) -> None:
        """Send text and bytes as they are, other content as JSON. After `cut` bytes the connection is closed."""
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        payload = text.encode() if isinstance(text, str) else text
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(payload))} | dict(headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload[:cut])
        self.close_connection = self.close_connection or cut is not None

    def log_message(self, *_: object) -> None:
        return

    def _handle(self) -> None:
        self.respond(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815, the names are those of http.server

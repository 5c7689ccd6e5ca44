"""A git server by HTTPS for one repository, as Pulumi wants the address of a plugin.

It has the usual port: Pulumi names a folder for the address, and Python makes no environment below one with a colon.
"""

import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from consul_on_pulumi.security import x509

PORT = 443


@contextmanager
def serving(repository: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The address of a bare repository, whose path ends in `OWNER/NAME.git`, and the authority of the server's
    certificate."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self, body: bytes) -> None:
            address = urlsplit(self.path)
            environment = {
                "GIT_PROJECT_ROOT": str(repository.parent.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": address.path,
                "QUERY_STRING": address.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            command = ["git", "http-backend"]
            said = subprocess.run(command, input=body, env=os.environ | environment, capture_output=True, check=True)
            head, _, content = said.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    # Of this process alone.
    host = f"127.{os.getpid() >> 16 & 127}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    now = datetime.now(UTC)
    authority = x509.authority("git", 1, now)
    (folder / "git-authority.pem").write_text(authority[0])
    (folder / "git-server.pem").write_text("".join(x509.certificate(authority, [host], 1, now)))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "git-server.pem")
    with ThreadingHTTPServer((host, PORT), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://{host}/{repository.parent.name}/{repository.name}", folder / "git-authority.pem"
        server.shutdown()

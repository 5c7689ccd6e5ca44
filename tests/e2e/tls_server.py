"""The socket of a Docker daemon by TCP with TLS, for who has a certificate of the same authority."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from consul_on_pulumi.security import x509


@contextmanager
def running(target: Path, folder: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A server that leads to this socket: its port, and the authority, certificate and key of a client, as PEM."""
    now = datetime.now(UTC)
    authority = x509.authority("engine", 1, now)
    server, client = (x509.certificate(authority, names, 1, now) for names in (["127.0.0.1"], ["client"]))
    for name, text in (("ca.pem", authority[0]), ("server.pem", "".join(server))):
        (folder / name).write_text(text)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, target), daemon=True).start()
        yield listener.getsockname()[1], {"ca": authority[0], "cert": client[0], "key": client[1]}


def _accept(listener: socket.socket, context: ssl.SSLContext, target: Path) -> None:
    with suppress(OSError):
        while True:
            plain, _ = listener.accept()
            threading.Thread(target=_serve, args=(plain, context, target), daemon=True).start()


def _serve(plain: socket.socket, context: ssl.SSLContext, target: Path) -> None:
    with suppress(OSError), context.wrap_socket(plain, server_side=True) as near, socket.socket(socket.AF_UNIX) as far:
        far.connect(str(target))
        threading.Thread(target=_copy, args=(far, near), daemon=True).start()
        _copy(near, far)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

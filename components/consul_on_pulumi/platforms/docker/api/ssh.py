"""A socket on this machine that leads to a Docker engine on another, by `ssh`."""

import atexit
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from docker.errors import DockerException

from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker.api import host

DIAL = "docker {host}system dial-stdio"
"""What `ssh` runs on the machine of the engine, as the `docker` command does."""
OPTIONS = ("-T", "-o", "ConnectTimeout=30", "-o", "BatchMode=yes")
ATTEMPTS, PAUSE, POLL = 3, 1.0, 0.01
"""How often a machine is asked for a connection, the seconds between, and between looks at one that is being opened: a
server drops some while many sign in (`MaxStartups` of sshd_config, 10)."""
SESSIONS = 8
"""Requests that share a connection at a time. A server refuses more than `MaxSessions` of sshd_config, 10."""


@cache
def tunnel(address: str, *options: str) -> "Tunnel":
    """The way to the engine at an `ssh://` address, open as long as this process runs."""
    return Tunnel(address, options)


def fault(connection: Connection) -> str:
    """What `ssh` wrote last on the way to the engine; empty where it did not fail or is not used."""
    address = host.of(connection)
    return tunnel(address, *host.ssh_options(connection)).fault if address.startswith("ssh://") else ""


def command(address: str, options: Sequence[str]) -> list[str]:
    """The command that connects its standard input and output with the engine at an `ssh://` address."""
    url = urlsplit(address)
    if not url.hostname:
        raise DockerException(f"{address} names no machine: expected ssh://USER@MACHINE")
    login = ["-l", url.username] if url.username else []
    port = ["-p", str(url.port)] if url.port else []
    path = f"--host=unix://{shlex.quote(url.path)} " if url.path.strip("/") else ""
    return ["ssh", *options, *OPTIONS, *login, *port, "--", url.hostname, DIAL.format(host=path)]


class Tunnel:
    """A listener. Each connection to it is one `ssh`; several share a connection to the machine, since each by itself
    would take part of a second."""

    def __init__(self, address: str, options: Sequence[str]) -> None:
        self.fault, self._failed = "", 0.0
        self._engine, self._options = address, options
        # Refuses an address that names no machine.
        command(address, options)
        # Options of `ssh` that name a connection, which the user opened or wants by itself.
        self._own_connection = any("control" in word.lower() or word.startswith(("-S", "-M")) for word in options)
        self._folder = Path(tempfile.mkdtemp())
        atexit.register(self._close)
        self.address = f"unix://{self._folder}/docker.sock"
        self._sessions: Counter[int] = Counter()
        self._counting, self._opening = threading.Lock(), threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "docker.sock"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            asked, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(asked,), daemon=True).start()

    def _serve(self, asked: socket.socket) -> None:
        # It closes when `ssh` has ended, and its reason is known.
        with asked, self._shared() as connection, tempfile.TemporaryFile() as said:
            if self._run(connection, asked.fileno(), said):
                return
            said.seek(0)
            self.fault = said.read().decode(errors="replace").strip().rpartition("\n")[2].strip()

    @contextmanager
    def _shared(self) -> Iterator[Path]:
        """The socket of a connection that has room for a session."""
        with self._counting:
            number = next(number for number in count() if self._sessions[number] < SESSIONS)
            self._sessions[number] += 1
        try:
            yield self._folder / str(number)
        finally:
            with self._counting:
                self._sessions[number] -= 1

    def _run(self, connection: Path, stream: int, said: BinaryIO) -> bool:
        """One session, to its end. The first one opens the connection; whether it went well."""
        begun = time.monotonic()
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE if attempt else 0)
            with self._opening:
                # One that failed meanwhile failed for all who waited for it.
                if not attempt and self._failed > begun:
                    return False
                process = subprocess.Popen(self._command(connection), stdin=stream, stdout=stream, stderr=said)
                while not (opened := self._own_connection or connection.exists()) and process.poll() is None:
                    time.sleep(POLL)
            # Only a session in an open connection reads the request.
            if not process.wait() or opened:
                return not process.returncode
        self._failed = time.monotonic()
        return False

    def _command(self, connection: Path) -> list[str]:
        if self._own_connection:
            return command(self._engine, self._options)
        # It stays while it is idle: one that ends just then fails the request that wants to share it.
        shared = ("ControlMaster=auto", f"ControlPath={connection}", "ControlPersist=600")
        return command(self._engine, [*self._options, *(word for one in shared for word in ("-o", one))])

    def _close(self) -> None:
        for connection in self._folder.glob("[0-9]*"):
            words = ["ssh", "-O", "exit", *self._command(connection)[1:-1]]
            subprocess.run(words, capture_output=True, check=False, timeout=5)
        shutil.rmtree(self._folder, ignore_errors=True)

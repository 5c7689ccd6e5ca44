"""A Docker daemon of the tests' own, in a network namespace of its own: it may be restarted while others run."""

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e.waiting import eventually
from tools import versions

CLONE_NEWNET = 0x40000000
WAIT = 60.0
"""Seconds for the daemon to start, and to stop."""


class Daemon:
    """`dockerd` with all of its files in one folder."""

    def __init__(self, folder: Path, within: Sequence[str] = ()) -> None:
        """`within` is a command that starts another one."""
        self._folder = folder
        self._within = within
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = folder / "docker.sock"
        self.host = f"unix://{self.socket}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "docker.pid"}
        options = [f"--{name}={self._folder / place}" for name, place in places.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._within, "dockerd", f"--host={self.host}", *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(f"an answer of the daemon in {self._folder}", self.answers, bool, WAIT)

    def answers(self) -> bool:
        """Whether the daemon answers."""
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        command = ["docker", "--host", self.host, "version"]
        return subprocess.run(command, capture_output=True, check=False, timeout=WAIT).returncode == 0

    def stop(self) -> None:
        """Stop it, and wait for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(WAIT)

    def restart(self) -> None:
        """Restart it, as the machine's service manager would."""
        self.stop()
        self.start()


def unavailable() -> str | None:
    """Why this machine cannot run a second daemon, or None."""
    if os.geteuid() != 0 or not shutil.which("dockerd") or not shutil.which("ip"):
        return "only root on a machine with dockerd and ip can start a second daemon"
    return None


@contextmanager
def running(folder: Path) -> Iterator[Daemon]:
    """A daemon that has Consul's image. This thread, and what it starts, see the daemon's network alone."""
    image = folder / "image.tar"
    subprocess.run(["docker", "save", "--output", image, versions.CONSUL_IMAGE], check=True)
    daemon = Daemon(folder)
    with _network_namespace():
        try:
            daemon.start()
            subprocess.run(["docker", "--host", daemon.host, "load", "--input", image], check=True, capture_output=True)
            yield daemon
        finally:
            daemon.stop()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def far_away(folder: Path) -> Iterator[Daemon]:
    """A daemon that has Consul's image, and that this process reaches by TCP alone: as on another machine."""
    image = folder / "image.tar"
    subprocess.run(["docker", "save", "--output", image, versions.CONSUL_IMAGE], check=True)
    daemon = Daemon(folder, within=("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "dockerd"))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_forward, args=(listener, str(daemon.socket)), daemon=True).start()
    try:
        daemon.start()
        subprocess.run(["docker", "--host", daemon.host, "load", "--input", image], check=True, capture_output=True)
        daemon.host = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        yield daemon
    finally:
        daemon.stop()
        listener.close()
    shutil.rmtree(folder, ignore_errors=True)


def _forward(listener: socket.socket, socket_file: str) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(socket_file)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def _network_namespace() -> Iterator[None]:
    """A network namespace that has the loopback interface only."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as before:
        _succeeds(libc.unshare(CLONE_NEWNET))
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            _succeeds(libc.setns(before.fileno(), CLONE_NEWNET))


def _succeeds(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

"""A control plane without nodes for tests: an API server and etcd on free ports, ended with the block."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools import progress
from tools.kubernetes.control_plane import controllers
from tools.kubernetes.control_plane.api import wait
from tools.kubernetes.control_plane.api_server import ApiServer

ADDRESS = "127.0.0.1"
WITHIN = 60.0


@contextmanager
def control_plane(folder: Path, *, with_controllers: bool = False) -> Iterator[Path]:
    """The kubeconfig of an API server that runs during the block. Root is not needed.

    No pod is scheduled. Without controllers there is no garbage collection and no status, and a deleted namespace
    stays ``Terminating``. Missing programs are downloaded or built first. Raises SetupError on failure.
    """
    services, first = "10.0.0.0/24", "10.0.0.1"
    server = ApiServer(folder, ADDRESS, free_port(), free_port(), services, first)
    server.prepare()
    commands = server.commands()
    # There are no service accounts, and 127.0.0.1 must not become the endpoint of a service.
    commands["kube-apiserver"] += ["--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none"]
    if with_controllers:
        commands["kube-controller-manager"] = controllers.controller_manager(server)
    with ExitStack() as running:
        started = {name: running.enter_context(process(name, line, folder)) for name, line in commands.items()}

        def ended() -> str | None:
            over = [name for name, one in started.items() if one.poll() is not None]
            return f"{over[0]} ended: {last_line(folder / f'{over[0]}.log')}" if over else None

        wait("starting the API server", server.api().ready, WITHIN, f"see the logs in {folder}", ended)
        yield server.kubeconfig


@contextmanager
def process(name: str, command: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with the block or with this process. It writes to ``NAME.log``."""
    line = ["setpriv", "--pdeathsig", "KILL", *command]
    with open(folder / f"{name}.log", "ab") as log:
        started = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        yield started
    finally:
        progress.end(started)


def last_line(log: Path) -> str:
    """The last line of a log."""
    with open(log, "rb") as file:
        return progress.last_line(file)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind((ADDRESS, 0))
        return int(one.getsockname()[1])

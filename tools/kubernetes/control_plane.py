"""A bare control plane for tests: API server and database in a folder, on free ports, ended with its context."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from toolchain import progress
from toolchain.kubernetes import controllers
from toolchain.kubernetes.api import wait
from toolchain.kubernetes.api_server import ApiServer

ADDRESS = "127.0.0.1"
WITHIN = 60.0


@contextmanager
def control_plane(folder: Path, *, with_controllers: bool = False) -> Iterator[Path]:
    """The kubeconfig of an API server that runs inside the block; needs no root.

    Nothing is scheduled. Without controllers nothing is garbage-collected or given a status either, and a deleted
    namespace stays ``Terminating``. Missing programs are fetched or built first. Raises SetupError if it fails.
    """
    server = ApiServer(
        folder,
        ADDRESS,
        free_port(),
        free_port(),
        services="10.0.0.0/24",
        first_service="10.0.0.1",
        with_pods=False,
    )
    server.prepare()
    commands = server.commands()
    if with_controllers:
        commands["kube-controller-manager"] = controllers.controller_manager(server)
    with ExitStack() as running:
        started = {name: running.enter_context(process(name, line, folder)) for name, line in commands.items()}

        def ended() -> str | None:
            over = [name for name, one in started.items() if one.poll() is not None]
            return f"{over[0]} ended: {last_words(folder / f'{over[0]}.log')}" if over else None

        wait("starting the API server", server.api().ready, WITHIN, f"see the logs in {folder}", ended)
        yield server.kubeconfig


@contextmanager
def process(name: str, command: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with the block, or when this process is killed; it writes to ``NAME.log``."""
    line = ["setpriv", "--pdeathsig", "KILL", *command]
    with open(folder / f"{name}.log", "ab") as log:
        started = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        yield started
    finally:
        progress.end(started)


def last_words(log: Path) -> str:
    """The last line of a log."""
    with open(log, "rb") as file:
        return progress.last_line(file)


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as one:
        one.bind((ADDRESS, 0))
        return int(one.getsockname()[1])

"""The Docker engine: the one that answers, else Debian's, started by systemd or by hand."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from toolchain import debian, docker_api, places, progress
from toolchain.errors import SetupError
from toolchain.found import Found, Origin, missing

TOOL = "Docker engine"
PID_FILES = (Path("/var/run/docker.pid"), Path("/var/run/docker/containerd/containerd.pid"))
WAIT = 60.0


def find() -> Found:
    """The engine, if it answers."""
    version = docker_api.version()
    if version is None:
        return missing(TOOL, f"nothing answers at {docker_api.host()}; run `make setup` or start your Docker engine")
    return Found(TOOL, version, docker_api.host(), Origin.INSTALLED)


def setup() -> Found:
    """Installs and starts an engine unless one answers."""
    found = find()
    if found.present:
        return found
    socket = Path(docker_api.host().removeprefix("unix://"))
    if socket.is_socket() and not os.access(socket, os.R_OK | os.W_OK):
        raise SetupError(f"{socket} is not yours to use; join its group (usermod -aG docker USER) and log in again.")
    if os.environ.get("DOCKER_HOST"):
        raise SetupError(f"nothing answers at DOCKER_HOST={docker_api.host()}; start that Docker engine or unset it.")
    if not shutil.which("dockerd"):
        debian.install("docker.io", "iptables", instead="install the Docker engine and start it")
    start()
    return find()


def start() -> None:
    """Starts the engine unless it answers, and waits until it does."""
    if docker_api.version():
        return
    if os.geteuid() != 0:
        raise SetupError("the Docker engine is not running and only root can start it; start it and run this again.")
    if by_systemd():
        progress.run(["systemctl", "start", "docker"], doing="starting the Docker engine", usually="5 s", timeout=WAIT)
        await_answer()
    else:
        await_answer(launch())


def by_systemd() -> bool:
    """Whether systemd is in charge of this machine."""
    return Path("/run/systemd/system").is_dir()


def log_file() -> Path:
    """Where an engine started by hand writes."""
    return places.state() / "dockerd.log"


def launch() -> "subprocess.Popen[bytes]":
    """Starts the daemon so that it outlives this process."""
    daemon = shutil.which("dockerd")
    if not daemon:
        raise SetupError("dockerd is not installed; run `make setup`.")
    progress.say("  ..  starting the Docker engine (usually 3 s)")
    for pid_file in PID_FILES:
        # Left by a machine that was switched off; its number may now be another process's, which stops the daemon.
        if pid_file.exists() and not running(pid_file):
            pid_file.unlink()
    log_file().parent.mkdir(parents=True, exist_ok=True)
    with open(log_file(), "ab") as log:
        return subprocess.Popen(
            [daemon], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
        )


def await_answer(daemon: "subprocess.Popen[bytes] | None" = None) -> None:
    """Waits until the engine answers or its daemon gives up."""
    deadline = time.monotonic() + WAIT
    while not docker_api.version():
        if daemon is not None and daemon.poll() is not None:
            raise SetupError(f"the Docker engine ended at once; its last words are at the end of {log_file()}.")
        if time.monotonic() > deadline:
            raise SetupError(f"the Docker engine did not answer within {WAIT:.0f} s; see {log_file()}.")
        time.sleep(0.2)


def running(pid_file: Path) -> int | None:
    """The process named by a PID file, if it is alive and of the file's name."""
    try:
        pid = int(pid_file.read_text())
        command = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if command.startswith(("dockerd", "containerd")) else None


def stop() -> None:
    """Stops the engine and waits until it is gone."""
    if by_systemd():
        progress.run(
            ["systemctl", "stop", "docker.socket", "docker"],
            doing="stopping the Docker engine",
            usually="10 s",
        )
        return
    pid = running(PID_FILES[0])
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + WAIT
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z":
        if time.monotonic() > deadline:
            raise SetupError(f"the Docker engine (process {pid}) did not stop within {WAIT:.0f} s; see {log_file()}.")
        time.sleep(0.1)


def restart() -> None:
    """Stops and starts the engine."""
    stop()
    start()

"""The Docker engine: the one that answers, else Debian's, started by systemd or as a plain process."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tools import places, progress
from tools.builds import cache, debian
from tools.found import Found, Origin, SetupError, missing

TOOL = "Docker engine"
DEFAULT = "unix:///var/run/docker.sock"
PID_FILES = (Path("/var/run/docker.pid"), Path("/var/run/docker/containerd/containerd.pid"))
WAIT = 60.0
ANSWER = 10.0


def host() -> str:
    """The engine's address. Like the Docker plugin, and unlike the docker command, this ignores contexts."""
    return os.environ.get("DOCKER_HOST") or DEFAULT


def ask(*arguments: str) -> str | None:
    """The output of a docker command, or None if it fails, hangs or is not installed."""
    command, env = ["docker", *arguments], {**os.environ, "DOCKER_HOST": host()}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=ANSWER, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def version() -> str | None:
    """The engine's version, if it answers."""
    return ask("version", "--format", "{{.Server.Version}}")


def find() -> Found:
    """The engine, if it answers."""
    answer = version()
    if answer is None:
        return missing(TOOL, f"nothing answers at {host()}; run `make setup` or start your Docker engine")
    return Found(TOOL, answer, host(), Origin.INSTALLED)


def setup() -> Found:
    """Installs and starts an engine unless one answers."""
    found = find()
    if found.present:
        return found
    with cache.lock("docker-engine", "Another process starts the Docker engine; waiting for it."):
        socket = Path(host().removeprefix("unix://"))
        if socket.is_socket() and not os.access(socket, os.R_OK | os.W_OK):
            raise SetupError(f"you may not use {socket}; join its group (usermod -aG docker USER) and log in again.")
        if os.environ.get("DOCKER_HOST"):
            raise SetupError(f"nothing answers at DOCKER_HOST={host()}; start that Docker engine or unset it.")
        for command, packages in (("dockerd", ("docker.io", "iptables")), ("docker", ("docker-cli",))):
            if not shutil.which(command):
                debian.install(*packages, instead="install the Docker engine and start it")
        start()
    return find()


def start() -> None:
    """Starts the engine unless it answers, and waits until it does."""
    if version():
        return
    if os.geteuid() != 0:
        raise SetupError("the Docker engine is not running and only root can start it; start it and run this again.")
    if by_systemd():
        progress.run(["systemctl", "start", "docker"], doing="starting the Docker engine", usually="5 s", timeout=WAIT)
        await_answer()
    else:
        await_answer(launch())


def by_systemd() -> bool:
    """Whether systemd runs this machine's services."""
    return Path("/run/systemd/system").is_dir()


def _log_file() -> Path:
    return places.state() / "dockerd.log"


def launch() -> "subprocess.Popen[bytes]":
    """Starts dockerd as a process that goes on after this one ends."""
    daemon = shutil.which("dockerd")
    if not daemon:
        raise SetupError("dockerd is not installed; run `make setup`.")
    progress.say("  ..  starting the Docker engine (usually 3 s)")
    for pid_file in PID_FILES:
        # After a power failure the file is still there. dockerd refuses to start if another process has that number.
        if pid_file.exists() and not running(pid_file):
            pid_file.unlink()
    _log_file().parent.mkdir(parents=True, exist_ok=True)
    with open(_log_file(), "ab") as log:
        return subprocess.Popen(
            [daemon], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
        )


def await_answer(daemon: "subprocess.Popen[bytes] | None" = None) -> None:
    """Waits until the engine answers or its process ends."""
    deadline = time.monotonic() + WAIT
    while not version():
        if daemon is not None and daemon.poll() is not None:
            raise SetupError(f"the Docker engine ended at once; the reason is at the end of {_log_file()}.")
        if time.monotonic() > deadline:
            raise SetupError(f"the Docker engine did not answer within {WAIT:.0f} s; see {_log_file()}.")
        time.sleep(0.2)


def running(pid_file: Path) -> int | None:
    """The process number in a PID file, if that process runs and is dockerd or containerd."""
    try:
        pid = int(pid_file.read_text())
        command = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if command.startswith(("dockerd", "containerd")) else None


def stop() -> None:
    """Stops the engine and waits until its process has ended."""
    if by_systemd():
        units = ("docker.socket", "docker")
        progress.run(["systemctl", "stop", *units], doing="stopping the Docker engine", usually="10 s")
        return
    pid = running(PID_FILES[0])
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    if not progress.ended([pid], WAIT):
        raise SetupError(f"the Docker engine (process {pid}) did not stop within {WAIT:.0f} s; see {_log_file()}.")

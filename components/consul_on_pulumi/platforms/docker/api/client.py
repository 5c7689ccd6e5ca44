"""A client of the Docker engine that a connection names, also over TLS and over SSH.

Where and how it connects is what Docker's provider does with the same settings (terraform-provider-docker,
internal/provider/config.go).
"""

import atexit
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException

from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker.api import host

DIAL = "docker {host}system dial-stdio"
"""What `ssh` runs on the machine of the engine, as the `docker` command does."""
LOG = "ssh.log"
"""The file in which `ssh` says why it fails."""
SSH_ATTEMPTS, PAUSE = 3, 1.0
"""How often an engine by SSH is asked, and the seconds between: a server drops connections while it has many."""
SSH_OPTIONS = ("-T", "-o", "ConnectTimeout=30", "-o", "BatchMode=yes")


@contextmanager
def of(connection: Connection) -> Iterator[docker.DockerClient]:
    """A client of the engine. Raises DockerException and requests.RequestException."""
    address, attempts = host.of(connection), 1
    if address.startswith("ssh://"):
        address, attempts = _by_ssh(address, *host.ssh_options(connection)), SSH_ATTEMPTS
    with (
        _certificates(host.settings_of(connection)) as files,
        closing(_opened({"DOCKER_HOST": address, **files}, attempts)) as opened,
    ):
        yield opened


def _opened(environment: dict[str, str], attempts: int) -> docker.DockerClient:
    # It asks the engine for its version, which may be asked again.
    make = _TlsClient.from_env if "DOCKER_CERT_PATH" in environment else docker.from_env
    for _ in range(attempts - 1):
        try:
            return make(environment=environment)
        except DockerException:
            time.sleep(PAUSE)
    return make(environment=environment)


class _TlsApi(docker.APIClient):
    """Verifies the engine by its own authority: with `trust_env` REQUESTS_CA_BUNDLE replaces it (requests #3829)."""

    trust_env = property(lambda _api: False, lambda _api, _value: None)


class _TlsClient(docker.DockerClient):
    def __init__(self, **options: Any) -> None:
        self.api = _TlsApi(**options)


@contextmanager
def _certificates(settings: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Where the certificates are, and whether the engine's own is verified; files of this user alone as long as the
    client is open where the settings hold certificates: docker-py reads files."""
    if "cert_material" in settings and "key_material" in settings:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("ca", "cert", "key"):
                Path(folder, f"{name}.pem").write_text(settings.get(f"{name}_material", ""))
            # Without an authority Docker's provider verifies nothing either.
            yield {"DOCKER_CERT_PATH": folder, "DOCKER_TLS_VERIFY": "1" if "ca_material" in settings else ""}
    elif "cert_path" in settings:
        yield {"DOCKER_CERT_PATH": str(Path(settings["cert_path"]).expanduser()), "DOCKER_TLS_VERIFY": "1"}
    else:
        yield {}


@cache
def _by_ssh(address: str, *options: str) -> str:
    """A socket on this machine that leads to the engine at an `ssh://` address as long as this process runs."""
    folder = tempfile.mkdtemp()
    # All share one connection: each by itself would take part of a second.
    # It stays while it is idle: one that ends just then fails the request that wants to share it.
    shared = ["ControlMaster=auto", f"ControlPath={folder}/%C", "ControlPersist=600"]
    command = ssh_command(address, [*options, *(word for one in shared for word in ("-o", one))])
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(subprocess.run, ["ssh", "-O", "exit", *command[1:-1]], capture_output=True, check=False, timeout=5)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/docker.sock")
    listener.listen()
    threading.Thread(target=_accept, args=(listener, command, Path(folder, LOG)), daemon=True).start()
    return f"unix://{folder}/docker.sock"


def ssh_command(address: str, options: Sequence[str]) -> list[str]:
    """The command that connects its standard input and output with the engine at an `ssh://` address."""
    url = urlsplit(address)
    if not url.hostname:
        raise DockerException(f"{address} names no machine: expected ssh://USER@MACHINE")
    login = ["-l", url.username] if url.username else []
    port = ["-p", str(url.port)] if url.port else []
    path = f"--host=unix://{shlex.quote(url.path)} " if url.path.strip("/") else ""
    return ["ssh", *options, *SSH_OPTIONS, *login, *port, "--", url.hostname, DIAL.format(host=path)]


def ssh_fault(connection: Connection) -> str:
    """The last line that `ssh` wrote on the way to the engine; empty where it has nothing to say or is not used."""
    if not (address := host.of(connection)).startswith("ssh://"):
        return ""
    log = Path(urlsplit(_by_ssh(address, *host.ssh_options(connection))).path).with_name(LOG)
    return (log.read_text(errors="replace").split("\n")[-2:] or [""])[0].strip() if log.exists() else ""


def _accept(listener: socket.socket, command: list[str], log: Path) -> None:
    while True:
        connection, _ = listener.accept()
        with connection, log.open("wb") as said:
            process = subprocess.Popen(command, stdin=connection.fileno(), stdout=connection.fileno(), stderr=said)
        threading.Thread(target=process.wait, daemon=True).start()

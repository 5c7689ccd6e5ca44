"""The one place that connects to the Docker engine, and what several modules do with it."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker import faults
from consul_on_pulumi.platforms.docker.api import client, host, ssh

CLUSTER = "consul.cluster"
"""Label with the name of the cluster: `docker ps --filter label=consul.cluster=…`."""
CLUSTER_ID = "consul.cluster-id"
"""Label with the cluster's ID, which no other cluster has, not even one with the same name."""
PHASE = "consul.security"
"""Label of an agent of a closed cluster: how far it is closed (model/adoption.py)."""
RESTART = "consul.security.restart"
"""Label of a server: another value restarts it (contract.AgentGroup)."""
STOP_TIMEOUT = 30
"""Seconds that Docker waits for an agent to stop before it kills it."""
NO_ANSWER = (DockerException, requests.RequestException)
"""What a call raises when the engine does not answer, or has no such object."""


class EngineError(DockerException):
    """The engine does not answer, or refuses. The message is a sentence."""


class MissingError(NotFound):
    """The engine has no such object. The message is a sentence."""


@contextmanager
def connect(connection: Connection) -> Iterator[docker.DockerClient]:
    """A client of the engine that the connection names, else the environment; closed at the end.

    Raises EngineError and MissingError.
    """
    try:
        with client.of(connection) as opened:
            yield opened
    except NotFound as error:
        text = str(error.explanation or error).rstrip(".")
        raise MissingError(f"the Docker engine answered {text!r}: run `pulumi refresh`, then `pulumi up`") from error
    except NO_ANSWER as error:
        raise EngineError(_sentence(error, connection)) from error


def remove_volume(connection: Connection, name: str) -> None:
    """Remove a volume and its content. A volume that does not exist is no error."""
    with connect(connection) as client, suppress(NotFound):
        client.volumes.get(name).remove()


def archive(files: Mapping[str, bytes], mode: int, user: int = 0, group: int = 0) -> bytes:
    """A tar archive of these files with the same permissions and numeric owner, to copy into a container."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.uid, entry.gid = len(content), mode, user, group
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _sentence(error: Exception, connection: Connection) -> str:
    """Why the engine did not answer, or what it answered, as a sentence."""
    if isinstance(error, APIError):
        text = str(error.explanation or error).rstrip(".")
        return f"the Docker engine answered {text!r}: {faults.remedy(text) or 'see its log'}"
    causes: list[BaseException] = [error]
    for cause in causes:
        inner = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        causes += [one for one in inner if isinstance(one, BaseException) and one not in causes]
    known = [one.strerror for one in causes if isinstance(one, OSError) and one.strerror]
    if "unknown" in connection:
        return f"the Docker engine is not asked: {error}"
    where = host.of(connection) or "its socket"
    reason = "timed out" if isinstance(error, requests.Timeout) else known[-1] if known else str(error)
    why = ssh.fault(connection) or reason
    return f"the Docker engine at {where} does not answer ({why}): {faults.silence(why, connection.get('docker'))}"

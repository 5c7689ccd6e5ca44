"""The one place that connects to the Docker engine, and what several modules do with it."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress

import docker
import requests
from docker.errors import DockerException, NotFound

CLUSTER = "consul.cluster"
"""Label with the name of the cluster: `docker ps --filter label=consul.cluster=…`."""
CLUSTER_ID = "consul.cluster-id"
"""Label with the cluster's ID, which no other cluster has, not even one with the same name."""
STOP_TIMEOUT = 30
"""Seconds that Docker waits for an agent to stop before it kills it."""
NO_ANSWER = (DockerException, requests.RequestException)
"""What a call raises when the engine does not answer, or has no such object."""


@contextmanager
def connect() -> Iterator[docker.DockerClient]:
    """A client of the engine that the environment names (`DOCKER_HOST`, else the local socket); closed at the end.

    Raises docker.errors.DockerException when there is no engine.
    """
    with closing(docker.from_env()) as client:
        yield client


def remove_volume(name: str) -> None:
    """Remove a volume and its content. A volume that does not exist is no error."""
    with connect() as client, suppress(NotFound):
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

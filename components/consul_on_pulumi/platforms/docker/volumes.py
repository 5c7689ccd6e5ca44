"""Volumes of Docker that go for good."""

from contextlib import closing

import docker
from docker.errors import NotFound

from consul_on_pulumi.model import naming


def remove(name: str) -> None:
    """Remove a volume with all that is in it, if there is still one."""
    with closing(docker.from_env()) as client:
        try:
            client.volumes.get(name).remove()
        except NotFound:
            return


def remove_data(server: str) -> None:
    """Remove the data of the server with this node name, which left Raft and whose container is gone.

    With `retain_data` the engine only forgets a volume, and a later server of that name would bring old votes with it.
    """
    remove(naming.volume_of(server))

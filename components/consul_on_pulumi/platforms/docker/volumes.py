"""Deletion of Docker volumes with their content."""

from docker.errors import NotFound

from consul_on_pulumi.model import naming
from consul_on_pulumi.platforms.docker import engine


def remove(name: str) -> None:
    """Remove a volume and its content. A volume that does not exist is no error."""
    with engine.connect() as client:
        try:
            client.volumes.get(name).remove()
        except NotFound:
            return


def remove_data(server: str) -> None:
    """Remove the data of the server with this node name, which has left Raft and whose container is gone.

    With `retain_data`, Pulumi keeps the volume and only drops it from the state. A later server with the same name
    would then start with the old Raft data and its old vote.
    """
    remove(naming.volume_of(server))

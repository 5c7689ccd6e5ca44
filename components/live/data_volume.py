"""The data volume of a server that left Raft: it goes with the server, also where data outlives the cluster."""

import docker
from docker.errors import NotFound

from components.desired import naming


def remove(server: str) -> None:
    """Remove the volume of the server with this node name, whose container is gone, if there is still one.

    With `keep_data` the engine only forgets a volume, and a later server of that name would bring old votes with it.
    """
    client = docker.from_env()
    try:
        client.volumes.get(naming.volume_of(server)).remove()
    except NotFound:
        return
    finally:
        client.close()

"""How `consul-on-pulumi recover` changes servers that are containers."""

import json
from collections.abc import Sequence

from docker.errors import NotFound

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.rollout import Peers
from consul_on_pulumi.platforms.docker import engine

SERVER_TYPE = "docker:index/container:Container"
"""Type of the resource that runs a server."""
UNSUPPORTED = ""
"""Why there is no recovery on this platform; empty where there is one."""
FAILURES = engine.NO_ANSWER
"""What the functions of this module raise."""
RAFT = "/consul/data/raft"


def has_data(server: str) -> bool:
    """Whether the data volume of a server exists."""
    with engine.connect() as client:
        try:
            client.volumes.get(naming.volume_of(server))
        except NotFound:
            return False
    return True


def restart_with_peers(servers: Sequence[str], peers: Peers) -> None:
    """Stop all these servers, then start them with a Raft configuration of exactly these `peers`."""
    archive = engine.archive({"peers.json": json.dumps(peers).encode()}, 0o644)
    with engine.connect() as client:
        containers = [client.containers.get(server) for server in servers]
        for container in containers:
            container.stop()
        for container in containers:
            container.put_archive(RAFT, archive)
        for container in containers:
            container.start()

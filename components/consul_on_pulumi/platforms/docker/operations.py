"""What the commands `recover` and `retained-data` do with a Docker engine, and whether a cluster has data there."""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from docker.errors import NotFound

from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.model import naming
from consul_on_pulumi.model.connection import Connection, connection_of
from consul_on_pulumi.model.rollout import Peers
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.existing import Existing, api_addresses, label, name_of

FAILURES = engine.NO_ANSWER
"""What `has_data` and `restart_with_peers` raise."""
RAFT = "/consul/data/raft"


def has_data(group: Mapping[str, Any], server: str) -> bool:
    """Whether the data volume of a server exists."""
    with engine.connect(connection_of(group)) as client:
        try:
            client.volumes.get(naming.volume_of(server))
        except NotFound:
            return False
    return True


def data(location: Mapping[str, str], connection: Connection) -> list[str]:
    """The data volumes of the servers of a cluster; `location` is that of its platform. Raises UnreachableError."""
    cluster = location["cluster"]
    names = [str(one["Name"]) for one in Existing.now(connection).volumes if label(one, engine.CLUSTER) == cluster]
    return [name for name in names if name.startswith(naming.tier(cluster, Role.SERVER))]


def phases(location: Mapping[str, str], connection: Connection) -> dict[str, str]:
    """How far each agent of a cluster is closed, by the name of its container. Raises UnreachableError."""
    tiers = tuple(f"{naming.tier(location['cluster'], role)}-" for role in Role)
    return {
        name_of(one): label(one, engine.PHASE) or ""
        for one in Existing.now(connection).containers
        if label(one, engine.CLUSTER) == location["cluster"] and name_of(one).startswith(tiers)
    }


def agents(location: Mapping[str, str], role: Role, connection: Connection) -> dict[str, str]:
    """Where the program reaches each running agent of a role, by the name of its container."""
    found = api_addresses(connection).items()
    return {name: base for name, base in found if naming.is_node(location["cluster"], name, [role])}


def bring_files(location: Mapping[str, str], name: str, connection: Connection, mark: str) -> None:
    """A volume shows its new files at once."""


def restart_with_peers(group: Mapping[str, Any], servers: Sequence[str], peers: Peers) -> None:
    """Stop all these servers, then start them with a Raft configuration of exactly these `peers`."""
    archive = engine.archive({"peers.json": json.dumps(peers).encode()}, 0o644)
    with engine.connect(connection_of(group)) as client:
        containers = [client.containers.get(server) for server in servers]
        for container in containers:
            container.stop()
        for container in containers:
            container.put_archive(RAFT, archive)
        for container in containers:
            container.start()


def retained(_settings: Mapping[str, Any], pattern: str) -> list[tuple[str, list[str], str]]:
    """Each cluster whose name matches, its unused volumes, and the command that deletes them.

    Raises UnreachableError.
    """
    try:
        with engine.connect({}) as client:
            volumes = client.volumes.list(filters={"label": engine.CLUSTER, "dangling": True})
    except engine.NO_ANSWER as error:
        raise UnreachableError(str(error)) from error
    clusters: dict[str, list[str]] = {}
    for volume in volumes:
        clusters.setdefault(volume.attrs["Labels"][engine.CLUSTER], []).append(volume.name)
    matching = sorted(cluster for cluster in clusters if fnmatchcase(cluster, pattern))
    return [(cluster, sorted(clusters[cluster]), "docker volume rm") for cluster in matching]

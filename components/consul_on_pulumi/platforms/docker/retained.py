"""Data volumes that no container uses any more."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.engine import CLUSTER


def retained(_settings: Mapping[str, Any], wanted: Callable[[str], bool]) -> Iterator[tuple[str, list[str], str]]:
    """Each wanted cluster, its unused volumes, and the command that deletes them. Raises UnreachableError."""
    try:
        with engine.connect() as client:
            volumes = client.volumes.list(filters={"label": CLUSTER, "dangling": True})
    except engine.NO_ANSWER as error:
        raise UnreachableError(f"the Docker engine does not answer: {error}") from error
    clusters: dict[str, list[str]] = {}
    for volume in volumes:
        clusters.setdefault(volume.attrs["Labels"][CLUSTER], []).append(volume.name)
    for cluster, names in sorted(clusters.items()):
        if wanted(cluster):
            yield cluster, sorted(names), "docker volume rm"

"""What a Docker engine has under the names, in the subnets and on the ports that a cluster needs, and whose it is."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.model import ports
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker import consul_access, engine
from consul_on_pulumi.platforms.docker.addressing import LOOPBACK
from consul_on_pulumi.platforms.docker.api import host
from consul_on_pulumi.providers.ownership import Foreign

EVERYWHERE = ("", "0.0.0.0", "::")
"""Host addresses that include the loopback address."""
RETAIN = "set `platform.docker.retain_data: true` to use the data of an earlier cluster"
Object = Mapping[str, Any]
"""An object as the engine lists it."""


@dataclass(frozen=True, slots=True)
class Existing:
    """All containers, volumes and networks of an engine at one time."""

    containers: list[Object]
    volumes: list[Object]
    networks: list[Object]
    local: bool
    """Whether the engine publishes ports on this machine."""

    @classmethod
    def now(cls, connection: Connection) -> "Existing":
        """Ask the engine. Raises UnreachableError."""
        try:
            with engine.connect(connection) as client:
                volumes = client.api.volumes()["Volumes"] or []
                local = host.is_local(connection)
                return cls(client.api.containers(all=True), volumes, client.api.networks(), local)
        except engine.NO_ANSWER as error:
            raise UnreachableError(str(error)) from error

    def find(self, kind: str, name: str) -> Object | None:
        """The container, volume or network with this name."""
        if kind == "container":
            return next((one for one in self.containers if name == name_of(one)), None)
        return next((one for one in getattr(self, f"{kind}s") if one["Name"] == name), None)

    def users(self, volume: str) -> list[Object]:
        """The containers that mount a volume, running or not."""
        return [one for one in self.containers if any(mount.get("Name") == volume for mount in one.get("Mounts", []))]

    def with_id(self, cluster_id: str) -> list[str]:
        """The names of the containers and networks of a cluster: it has some until it is destroyed."""
        ours = [name_of(one) for one in self.containers if label(one, engine.CLUSTER_ID) == cluster_id]
        return ours + [one["Name"] for one in self.networks if label(one, engine.CLUSTER_ID) == cluster_id]

    def publisher(self, port: int, protocol: str) -> Object | None:
        """The running container that publishes a port on the loopback address."""
        for one in self.containers:
            for published in one.get("Ports") or []:
                here = published.get("IP", "") in (LOOPBACK, *EVERYWHERE)
                if here and (published.get("PublicPort"), published.get("Type")) == (port, protocol):
                    return one
        return None

    def subnets(self) -> Iterator[tuple[str, str]]:
        """The name and each IPv4 subnet of every network."""
        for one in self.networks:
            for pool in one.get("IPAM", {}).get("Config") or []:
                # Old engines accept 172.28.0.5/16 for 172.28.0.0/16.
                if "Subnet" in pool and (subnet := ip_network(pool["Subnet"], strict=False)).version == 4:
                    yield one["Name"], str(subnet)


def api_addresses(connection: Connection) -> dict[str, str]:
    """Where each running container publishes an agent's HTTP API now, by its name, as in `consul_access`; empty where
    the engine does not answer."""
    found = {}
    with suppress(*engine.NO_ANSWER), engine.connect(connection) as client:
        for one in client.api.containers():
            for port in one.get("Ports") or []:
                if port.get("PrivatePort") in (ports.HTTP, ports.HTTPS) and "PublicPort" in port:
                    scheme = consul_access.SCHEMES[port["PrivatePort"] == ports.HTTPS]
                    found[name_of(one)] = f"{scheme}://{name_of(one)}:{port['PublicPort']}"
    return found


@dataclass(frozen=True, slots=True)
class Owner:
    """The cluster for which something is looked for."""

    cluster: str
    cluster_id: object
    """None for a client tier alone, and an unknown value in the first preview."""
    retain_data: bool

    def owns(self, found: Object) -> bool:
        """Whether an object has exactly the labels of this cluster."""
        return label(found, engine.CLUSTER) == self.cluster and label(found, engine.CLUSTER_ID) == self.cluster_id


def foreign(existing: Existing, kind: str, name: str, owner: Owner) -> Foreign | None:
    """The object with this name, unless there is none or the cluster may use it."""
    found = existing.find(kind, name)
    if found is None or owner.owns(found):
        return None
    cluster_id = label(found, engine.CLUSTER_ID)
    if kind == "volume":
        return _foreign_volume(existing, found, owner)
    adopt = f"set `platform.docker.network: {name}` to use this network" if kind == "network" and not cluster_id else ""
    return Foreign(f"{kind} {name}", cluster_id, adopt)


def _foreign_volume(existing: Existing, found: Object, owner: Owner) -> Foreign | None:
    users, cluster_id = existing.users(found["Name"]), label(found, engine.CLUSTER_ID)
    if cluster_id is None and users and all(owner.owns(one) for one in users):
        # Version 0.1.0 gave volumes no cluster ID.
        return None
    # Of an earlier cluster of this name nothing is left but such volumes, and no container uses them.
    alive = users or (cluster_id and existing.with_id(cluster_id))
    retained = label(found, engine.CLUSTER) == owner.cluster and not alive
    if retained and owner.retain_data:
        return None
    used = f", used by {', '.join(name_of(one) for one in users)}" if users else ""
    return Foreign(f"volume {found['Name']}{used}", cluster_id, RETAIN if retained else "")


def label(found: Object, name: str) -> str | None:
    """The value of a label, or None."""
    value: str | None = (found.get("Labels") or {}).get(name)
    return value


def name_of(container: Object) -> str:
    """The name of a listed container."""
    return str(next(iter(container.get("Names") or ["/?"]))).removeprefix("/")

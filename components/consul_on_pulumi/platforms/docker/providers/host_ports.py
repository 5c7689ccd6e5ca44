"""HostPorts: free loopback ports for one agent, chosen at its creation and never changed."""

import random

import pulumi
from pulumi.dynamic import CreateResult, DiffResult

from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker.api import host
from consul_on_pulumi.platforms.docker.existing import Existing
from consul_on_pulumi.platforms.docker.occupied import is_free
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

RANGE = range(20000, 30000)
"""Below the ports that Linux uses for outgoing connections (32768 and up), so that no such connection takes one."""

_chosen: set[int] = set()
"""Ports chosen by this process: nothing listens on them yet, so a second agent would find them free."""


class NoFreePortError(Exception):
    """Every port of the range is in use."""


class HostPortsProvider(ConsulProvider):
    """Chooses ports that nothing listens on. Ports that Docker assigns change whenever a container restarts."""

    def create(self, props: Properties) -> CreateResult:
        """Choose the ports."""
        connection = connection_of(props)
        seen = None if host.is_local(connection) else Existing.now(connection)
        ports = {"http": _free_port(seen), "dns": _free_port(seen)}
        return CreateResult("{http}-{dns}".format(**ports), ports)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Never a change: the ports stay the same."""
        return DiffResult(changes=False)


class HostPorts(ProviderResource, module="consul-on-pulumi", name="HostPorts"):
    """The loopback ports of one agent for which the settings name none."""

    http: pulumi.Output[int]
    """For the API and the UI, TCP."""
    dns: pulumi.Output[int]
    """For DNS, UDP and TCP."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """The ports are known after the first update."""
        super().__init__(HostPortsProvider(), name, {}, opts)


def _free_port(seen: Existing | None) -> int:
    """A port of this machine, or one that no container publishes as `seen` on another machine. Raises
    NoFreePortError."""
    for port in random.sample(RANGE, len(RANGE)):
        free = (seen.publisher(port, "tcp") or seen.publisher(port, "udp")) is None if seen else _is_free_here(port)
        if port not in _chosen and free:
            _chosen.add(port)
            return port
    raise NoFreePortError(
        f"no free port from {RANGE.start} to {RANGE.stop - 1}: set platform.docker.http_port and dns_port"
    )


def _is_free_here(port: int) -> bool:
    return is_free(port, "tcp") and is_free(port, "udp")

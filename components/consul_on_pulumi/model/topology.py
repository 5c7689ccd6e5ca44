"""The size of a cluster and its quorum."""

from dataclasses import dataclass
from enum import Enum

MAX_SERVERS = 7
"""More voters make every write slower and the cluster no safer (Consul docs, architecture/consensus)."""


class Role(Enum):
    """The two kinds of Consul agents; the values are used in names."""

    SERVER = "server"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """One Consul datacenter: its names and its numbers of agents."""

    cluster: str
    """Prefix of every physical name, unique on the machine or in the namespace."""
    datacenter: str
    """The name of the Consul datacenter."""
    servers: int
    """How many server agents, all of them voters."""
    clients: int = 0
    """How many client agents."""


def quorum(servers: int) -> int:
    """The number of voters that must agree on a write: the majority."""
    return servers // 2 + 1


def failure_tolerance(servers: int) -> int:
    """How many servers may fail without stopping writes."""
    return servers - quorum(servers)


def bootstrap_expect(initial_servers: int, servers: int) -> int:
    """The number of servers that must join before the first election.

    It stays at the initial size, so that scaling changes no existing server. An initial size of 1 must not stay: a
    server that expects only itself elects itself at once, and after the loss of its volume it would form a second
    cluster.
    """
    return 1 if servers == 1 else max(initial_servers, 3)

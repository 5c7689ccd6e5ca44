"""The size of a cluster, and what that size means for its quorum."""

from dataclasses import dataclass
from enum import Enum

MAX_SERVERS = 7
"""More voters make every write slower and no cluster safer (Consul docs, architecture/consensus)."""


class Role(Enum):
    """The two kinds of Consul agent; the value is the word used in names."""

    SERVER = "server"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """One Consul datacenter: what it is called and how many agents it has."""

    cluster: str
    """Prefix of every physical name, unique on the machine or in the namespace."""
    datacenter: str
    """Consul's own name for the datacenter."""
    servers: int
    """How many server agents, all of them voters."""
    clients: int = 0
    """How many client agents."""


def quorum(servers: int) -> int:
    """The number of voters that must agree on a write: a majority."""
    return servers // 2 + 1


def failure_tolerance(servers: int) -> int:
    """How many servers may be lost while writes go on."""
    return servers - quorum(servers)


def min_quorum(servers: int) -> int:
    """The number of voters below which autopilot must not prune servers that look dead.

    Consul reads it from agent configuration at the first election only, so it is set through the API (consul #6654).
    """
    return quorum(servers)


def bootstrap_expect(initial_servers: int, servers: int) -> int:
    """The number of servers that must meet before the first election.

    It stays at the size the cluster was born with, so that scaling changes no existing server. A birth size of 1
    must not outlive that size: a server that expects only itself elects itself at once, and with a lost volume
    it would start a second cluster beside the living one.
    """
    return 1 if servers == 1 else max(initial_servers, 3)


def servers_problem(servers: int) -> str | None:
    """Why this many servers cannot be a cluster, or None."""
    if servers % 2 == 1 and 1 <= servers <= MAX_SERVERS:
        return None
    return f"expected an odd number from 1 to {MAX_SERVERS}, got {servers}"

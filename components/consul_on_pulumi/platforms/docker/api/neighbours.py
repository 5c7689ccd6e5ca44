"""The neighbour table of an engine's machine, in which each agent takes an entry for each other one that it talks to.

All containers share one table. When it is full, the kernel sends nothing to addresses that are not in it (arp(7),
`gc_thresh3`): agents of one network then lose each other in turn, and new ones join after minutes.
"""

from pathlib import Path

import pulumi

from consul_on_pulumi import run
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.docker.api import host

TABLE = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
"""How many entries the table of this machine may have."""
USUAL = 1024
"""How many a machine allows as it comes."""


def warn(topology: Topology, connection: Connection) -> None:
    """Warn once in a run of a cluster whose agents fill the table."""
    agents = topology.servers + topology.clients
    known = TABLE.exists() and host.is_local(connection)
    limit = int(TABLE.read_text()) if known else USUAL
    if agents**2 <= limit or not run.first_time((warn, topology.cluster)):
        return
    pulumi.log.warn(
        f"clients: {agents} agents on one Docker engine need up to {agents**2} entries of the kernel's neighbour "
        f"table, and its machine allows {limit}{'' if known else ' if nobody raised that'}, so agents would lose each "
        f"other: run `sysctl -w net.ipv4.neigh.default.gc_thresh3={_enough(agents)}` there, and set gc_thresh2 "
        "and gc_thresh1 to a half and a quarter of that"
    )


def _enough(agents: int) -> int:
    """A power of two, with room for other containers."""
    return 1 << (2 * agents**2).bit_length()

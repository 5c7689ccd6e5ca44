"""Which address and which host ports belong to an agent. Pure: all of it follows from the ordinal."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from consul_on_pulumi.model.topology import MAX_SERVERS, Role, Topology

FIRST_HOST = 2
"""Offset in the subnet; Docker gives .1 to the gateway."""
LAST_PORT = 65535
PRIVATE_NETWORKS = [IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
"""Private address ranges (RFC 1918, RFC 6598)."""
LOOPBACK = "127.0.0.1"
"""The only host address on which ports are published."""


def position(role: Role, ordinal: int) -> int:
    """The agent's index in every range. Clients start behind the largest server tier, so scaling moves no agent."""
    return ordinal if role is Role.SERVER else MAX_SERVERS + ordinal


def address(subnet: str, role: Role, ordinal: int) -> str:
    """The agent's fixed IPv4 address."""
    return str(IPv4Network(subnet)[FIRST_HOST + position(role, ordinal)])


def address_management(subnet: str) -> dict[str, Any]:
    """The gateway, and the upper half of the subnet: Docker assigns addresses from there to other containers, and so
    never one of an agent."""
    network = IPv4Network(subnet)
    _, upper = network.subnets()
    return {"subnet": subnet, "gateway": str(network[1]), "ip_range": str(upper)}


def free_subnet(like: str, taken: Sequence[str]) -> str | None:
    """The next private subnet of the same size that overlaps none of those `taken`, or None."""
    wanted, used = IPv4Network(like), [IPv4Network(one) for one in taken]
    (block,) = (block for block in PRIVATE_NETWORKS if wanted.subnet_of(block))
    start, size = int(wanted.network_address), wanted.num_addresses
    for first in range(start, int(block.broadcast_address), size):
        candidate = IPv4Network((first, wanted.prefixlen))
        if not any(candidate.overlaps(other) for other in used):
            return str(candidate)
    return None


def port(first: int | None, role: Role, ordinal: int) -> int | None:
    """The agent's host port in a range that starts at `first`, if there is one."""
    return first + position(role, ordinal) if first is not None else None


def problems(settings: Mapping[str, Any], topology: Topology, path: str) -> Iterator[str]:
    """Why these agents do not fit into these settings, which may lack those that were refused."""
    if "subnet" in settings:
        yield from _subnet_problems(settings["subnet"], topology, f"{path}.subnet")
    used = {name: _ports(settings[name], topology) for name in ("http_port", "dns_port") if name in settings}
    for name, numbers in used.items():
        if max(numbers) > LAST_PORT:
            yield (
                f"{path}.{name}: expected a port from 1 to {LAST_PORT - max(numbers) + numbers[0]}, "
                f"so that every agent has one, got {settings[name]}"
            )
    if len(used) == 2 and (both := set(used["http_port"]) & set(used["dns_port"])):
        yield (
            f"{path}.dns_port: expected ports other than those of http_port, "
            f"got {settings['dns_port']}, which shares {min(both)}"
        )


def _subnet_problems(subnet: str, topology: Topology, path: str) -> Iterator[str]:
    needed = FIRST_HOST + position(Role.CLIENT, topology.clients)
    if IPv4Network(subnet).num_addresses // 2 < needed:
        prefix = 31 - (needed - 1).bit_length()
        yield f"{path}: expected /{prefix} or larger for {needed} fixed addresses in its lower half, got {subnet!r}"


def _ports(first: int, topology: Topology) -> list[int]:
    agents = [(Role.SERVER, topology.servers), (Role.CLIENT, topology.clients)]
    return [first + position(role, ordinal) for role, count in agents for ordinal in range(count)]

"""Ports and subnets that somebody else uses, and networks that do not fit."""

import socket
from ipaddress import IPv4Network

from consul_on_pulumi.model import naming
from consul_on_pulumi.platforms.docker import addressing, existing
from consul_on_pulumi.platforms.docker.existing import Existing, Owner

PROTOCOLS = {"http_port": ("tcp",), "dns_port": ("tcp", "udp")}
"""The protocols of each port, by the setting that names it."""
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
OTHER_PORTS = "stop it, or set other ports; without this setting free ports are chosen once"


def is_free(port: int, protocol: str) -> bool:
    """Whether nothing on this machine listens on a loopback port."""
    with socket.socket(socket.AF_INET, KINDS[protocol]) as probe:
        if protocol == "tcp":
            # Closed connections keep a port for a minute; Docker uses it all the same.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((addressing.LOOPBACK, port))
        except OSError:
            return False
    return True


def problem(seen: Existing, wanted: str, owner: Owner) -> str | None:
    """Why a cluster cannot have what it needs beside objects of its own, spelled `port/NODE/SETTING/NUMBER`,
    `subnet/NETWORK/SUBNET` or `existing/NETWORK/SUBNET`; None for anything else."""
    match wanted.split("/"):
        case ["port", node, setting, number]:
            return port_problem(seen, node, setting, int(number), owner)
        case ["subnet", network, address, prefix]:
            return subnet_problem(seen, network, f"{address}/{prefix}")
        case ["existing", network, address, prefix]:
            return network_problem(seen, network, f"{address}/{prefix}")
    return None


def port_problem(seen: Existing, node: str, setting: str, port: float, owner: Owner) -> str | None:
    """Why an agent cannot publish a port that this setting names, or None."""
    port = int(port)
    for protocol in PROTOCOLS[setting]:
        publisher = seen.publisher(port, protocol)
        if publisher is None:
            used = None if not seen.local or is_free(port, protocol) else f"a program on this machine: {OTHER_PORTS}"
        elif not owner.owns(publisher):
            used = f"the container {existing.name_of(publisher)}: {OTHER_PORTS}"
        elif (name := existing.name_of(publisher)) != node and naming.is_node(owner.cluster, name):
            used = f"{name}: agents change one at a time, so choose ports that no agent of this cluster uses now"
        else:
            used = None
        if used:
            return (
                f"platform.docker.{setting}: expected a free port on {addressing.LOOPBACK} for each agent, got {port} "
                f"({protocol}) for {node}, used by {used}"
            )
    return None


def subnet_problem(seen: Existing, network: str, subnet: str) -> str | None:
    """Why the network of this name cannot have this subnet, or None."""
    wanted = IPv4Network(subnet)
    others = {name: taken for name, taken in seen.subnets() if name != network}
    overlapping = [f"{name} ({taken})" for name, taken in others.items() if wanted.overlaps(IPv4Network(taken))]
    if not overlapping:
        return None
    free = addressing.free_subnet(subnet, list(others.values()))
    return (
        f"platform.docker.subnet: expected a subnet that overlaps no other network, got {subnet!r}, which overlaps "
        f"{', '.join(overlapping)}: " + (f"{free} is free" if free else "remove a network that nobody needs")
    )


def network_problem(seen: Existing, network: str, subnet: str) -> str | None:
    """Why agents with addresses in this subnet cannot use an existing network, or None."""
    found = [taken for name, taken in seen.subnets() if name == network]
    if not seen.find("network", network):
        return f"platform.docker.network: expected an existing network, got {network!r}: create it, or correct the name"
    if any(IPv4Network(subnet).subnet_of(IPv4Network(one)) for one in found):
        return None
    return (
        f"platform.docker.subnet: expected {' or '.join(found)}, the subnet of the network {network}, or a part of it, "
        f"got {subnet!r}"
    )

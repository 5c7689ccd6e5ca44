"""The settings of the Docker platform."""

from ipaddress import IPv4Network
from typing import Annotated, Required, TypedDict

import pulumi

from consul_on_pulumi.platforms.docker.addressing import PRIVATE_NETWORKS
from consul_on_pulumi.schema.definition import Rule, Setting
from consul_on_pulumi.schema.rules import at_least, between

MIN_MEMORY_MIB = 64


def _is_private_network(subnet: str) -> bool:
    try:
        network = IPv4Network(subnet)
    except ValueError:
        return False
    return any(network.subnet_of(block) for block in PRIVATE_NETWORKS)


def _port(purpose: str) -> Setting:
    return Setting(
        f"Loopback port of server 0's {purpose}; the other agents use the ports that follow.",
        "Replaces the containers one by one.",
        default_text="free ports, chosen once",
        rule=between(1, 65535, "a port from"),
    )


# fmt: off
# A setting is a row of a table: easier to read than a line for each argument.
class DockerArgs(TypedDict, total=False):
    """A private network on one Docker engine, and the ports that the host sees."""

    subnet: Required[Annotated[str, Setting(
        "The private network in CIDR notation. Each agent has a fixed address in its lower half: a server that "
        "restarts with another address would be away for a minute.", "Refused.",
        rule=Rule(expected="a private IPv4 network such as 172.30.0.0/24", accepts=_is_private_network))]]
    network: Annotated[pulumi.Input[str], Setting(
        "Name of an existing network with this subnet, or of which it is a part. Required for a tier alone. Choose "
        "it once: agents on two networks cannot reach each other.", default_text="the cluster creates its own")]
    http_port: Annotated[int, _port("HTTP API and UI")]
    dns_port: Annotated[int, _port("DNS interface, UDP and TCP")]
    retain_data: Annotated[bool, Setting(
        "Whether the data volumes stay after `pulumi destroy`, and the next `up` uses them again. The volume of a "
        "server that is scaled away is deleted all the same.", "No container is touched.", default=False)]
    memory_mib: Annotated[pulumi.Input[int], Setting(
        "Memory limit of each container in MiB, swap included.", "Replaces the containers one by one.",
        default_text="1024, in an open cluster none", rule=at_least(MIN_MEMORY_MIB))]

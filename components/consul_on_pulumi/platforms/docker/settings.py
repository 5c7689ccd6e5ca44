"""The settings of the Docker backend."""

from typing import NotRequired, TypedDict

import pulumi


class DockerArgs(TypedDict):
    """A private network on one Docker engine, and what of it the host sees."""

    subnet: str
    """The private network in CIDR notation. Each agent has a fixed address in its lower half, because a server that
    comes back at another one is away for a minute. Refused on a living cluster."""
    network: NotRequired[pulumi.Input[str]]
    """Name of an existing network with this subnet. A cluster without one makes its own; a tier alone needs one. Choose
    it once, since agents on two networks do not meet."""
    http_port: NotRequired[int]
    """Loopback port of server 0's API and UI; the other agents follow upwards. Default: free ports, chosen
    once. A change replaces the containers one by one."""
    dns_port: NotRequired[int]
    """Loopback port of server 0's DNS interface, UDP and TCP; the other agents follow upwards. Default: free ports,
    chosen once. A change replaces the containers one by one."""
    retain_data: NotRequired[bool]
    """Whether the data volumes outlive `pulumi destroy`, to be found again by the next `up`; that of a server which is
    scaled away goes all the same. A change touches no container."""
    memory_mib: NotRequired[int]
    """Memory limit of each container in MiB, swap included. Default: none. A change replaces the containers one by
    one."""

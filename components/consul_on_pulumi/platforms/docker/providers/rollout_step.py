"""What the gate before a server and the peer after it both know of the rollout."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi

from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.providers.provider import Properties


class RolloutStep(TypedDict):
    """One server among all servers of its cluster."""

    server: str
    """Node name of the server that this step changes."""
    names: Sequence[str]
    """Node names of all servers, in the order of the rollout."""
    addresses: Sequence[pulumi.Input[str]]
    """Base URL of each server's own HTTP API, in the same order."""
    spec_hash: pulumi.Input[str]
    """Hash of the server's whole container specification."""


def servers_of(props: Properties) -> Servers:
    """All servers of the cluster; `props` hold the keys of a RolloutStep."""
    return Servers(props["names"], props["addresses"])

"""Physical names, made of the cluster's name and an agent's ordinal, and the digest that tells contents apart."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from consul_on_pulumi.model.topology import Role, Topology

MAX_CLUSTER = 40
"""Characters: with the longest suffix, a name fits the 63 characters of a DNS label."""


def similar(text: str) -> str:
    """The most similar name that a cluster may have: `shop-prod-eu` for `shop-Prod_EU`. Empty if nothing is left."""
    words = re.sub("[^a-z0-9]+", "-", text.lower())
    return words.lstrip("-0123456789")[:MAX_CLUSTER].rstrip("-")


def tier(cluster: str, role: Role) -> str:
    """The name of a tier, which all its agents share as a DNS alias: `dev-server`."""
    return f"{cluster}-{role.value}"


def node(cluster: str, role: Role, ordinal: int) -> str:
    """The name of one agent, as Consul node, host and container or pod: `dev-server-0`."""
    return f"{tier(cluster, role)}-{ordinal}"


def is_node(cluster: str, name: str, roles: Iterable[Role] = Role) -> bool:
    """Whether an agent of this cluster, with one of these roles, has this name."""
    return any(re.fullmatch(rf"{re.escape(tier(cluster, role))}-\d+", name) for role in roles)


def volume_of(node_name: str) -> str:
    """The volume with the data directory of the agent with this node name, which has its node ID."""
    return f"{node_name}-data"


def digest_of(content: Any) -> str:
    """16 hexadecimal digits, enough to tell any two contents of one cluster apart; not for secrets."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def join(topology: Topology, domain: str = "") -> list[str]:
    """The `retry_join` list of an agent: the first servers, and the shared name of all servers.

    The list is the same for 3, 5 and 7 servers, so scaling changes no agent. The shared name resolves to every running
    server, also to those that the list does not name.
    """
    shared = tier(topology.cluster, Role.SERVER)
    first = [node(topology.cluster, Role.SERVER, ordinal) for ordinal in range(min(topology.servers, 3))]
    if not domain:
        return [*first, shared]
    return [*(f"{name}.{shared}.{domain}" for name in first), f"{shared}.{domain}"]


def join_for_server(ordinal: int, topology: Topology, domain: str) -> list[str]:
    """The `retry_join` list of one server if it resolves its own name: all names but its own and the shared one.

    For an agent, joining itself is a success, and then it does not try the others (consul, agent/retry_join.go).
    """
    *others, _shared = join(topology, domain)
    return [name for number, name in enumerate(others) if number != ordinal]

"""Which servers can bring back a cluster that lost its quorum, and what they have to be told."""

from collections.abc import Mapping

from consul_on_pulumi.model.rollout import ServerStatus

Peers = list[dict[str, str | bool]]
"""The content of `raft/peers.json` (Consul docs, manage/disaster-recovery)."""


def survivors(seen: Mapping[str, ServerStatus]) -> list[str]:
    """The servers that hold data, by name; one with a new volume has an empty log."""
    return sorted(name for name, server in seen.items() if server.last > 0)


def peers(seen: Mapping[str, ServerStatus], chosen: list[str]) -> Peers:
    """A Raft configuration of exactly the chosen servers, all voters."""
    return [{"id": seen[name].node_id, "address": seen[name].address, "non_voter": False} for name in chosen]

"""Recovery of a cluster that lost its quorum: which servers can recover it, and their new Raft configuration."""

from collections.abc import Mapping

from consul_on_pulumi.model.rollout import ServerStatus

Peers = list[dict[str, str | bool]]
"""The content of `raft/peers.json` (Consul docs, manage/disaster-recovery)."""


def survivors(status: Mapping[str, ServerStatus]) -> list[str]:
    """The names of the servers that have data. A server with a new volume has an empty Raft log."""
    return sorted(name for name, server in status.items() if server.last > 0)


def peers(status: Mapping[str, ServerStatus], chosen: list[str]) -> Peers:
    """A Raft configuration with exactly the chosen servers, all of them voters."""
    return [{"id": status[name].node_id, "address": status[name].address, "non_voter": False} for name in chosen]

"""What a ConsulCluster shares with its own tiers. A tier alone creates it for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from consul_on_pulumi.model import agent
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.contract import Placed, Platform
from consul_on_pulumi.providers.cluster_identity import ClusterIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The cluster that a tier belongs to."""

    identity: ClusterIdentity
    servers_ready: Sequence[pulumi.Resource] = ()
    """Exist when the servers work: clients may be started before, and nothing waits for a client before that."""


def identify(
    name: str, topology: Topology, platform: Platform, path: str, opts: pulumi.ResourceOptions
) -> ClusterIdentity:
    """Register the identity of a cluster; `path` is the path of its settings."""
    fixed = fixed_settings(topology, platform, path)
    return ClusterIdentity(f"{name}-identity", topology.servers, fixed, opts=opts)


def fixed_settings(topology: Topology, platform: Platform, path: str) -> dict[str, str]:
    """The settings, by their paths, that must not change while the cluster exists."""
    return {
        f"{path}.name": topology.cluster,
        f"{path}.datacenter": topology.datacenter,
        **{f"{path}.platform.{key}": value for key, value in platform.fixed_settings().items()},
    }


def ui_urls(placed: Placed, document: Mapping[str, Any]) -> pulumi.Output[list[str]]:
    """The web UI at each of its addresses, if agents with this configuration serve one."""
    shown = agent.serves_ui(document)
    return pulumi.Output.all(*placed.ui_addresses).apply(
        lambda bases: [f"{base}/ui/" for base in bases] if shown else []
    )

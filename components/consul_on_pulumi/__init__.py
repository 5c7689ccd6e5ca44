"""Consul clusters as Pulumi components."""

from consul_on_pulumi.client import ConsulClient, ConsulClientArgs
from consul_on_pulumi.cluster import ConsulCluster
from consul_on_pulumi.server import ConsulServer, ConsulServerArgs
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs

__all__ = [
    "ConsulClient",
    "ConsulClientArgs",
    "ConsulCluster",
    "ConsulClusterArgs",
    "ConsulServer",
    "ConsulServerArgs",
]

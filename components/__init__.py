"""Consul clusters as Pulumi components."""

from components.client import ConsulClient, ConsulClientArgs
from components.cluster import ConsulCluster
from components.cluster_args import ConsulClusterArgs
from components.server import ConsulServer, ConsulServerArgs

__all__ = [
    "ConsulClient",
    "ConsulClientArgs",
    "ConsulCluster",
    "ConsulClusterArgs",
    "ConsulServer",
    "ConsulServerArgs",
]

"""HashiCorp Consul clusters as Pulumi components, on Docker and on Kubernetes."""

from consul_on_pulumi.client import ConsulClient
from consul_on_pulumi.cluster import ConsulCluster
from consul_on_pulumi.server import ConsulServer
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from consul_on_pulumi.settings.stack_file import cluster_args
from consul_on_pulumi.settings.tier_args import ConsulClientArgs, ConsulServerArgs
from consul_on_pulumi.version import __version__

__all__ = [
    "ConsulClient",
    "ConsulClientArgs",
    "ConsulCluster",
    "ConsulClusterArgs",
    "ConsulServer",
    "ConsulServerArgs",
    "__version__",
    "cluster_args",
]

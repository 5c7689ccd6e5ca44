"""HashiCorp Consul clusters as Pulumi components, on Docker and on Kubernetes."""

from importlib import import_module
from typing import TYPE_CHECKING

from consul_on_pulumi.version import __version__

if TYPE_CHECKING:
    from consul_on_pulumi.client import ConsulClient
    from consul_on_pulumi.cluster import ConsulCluster
    from consul_on_pulumi.server import ConsulServer
    from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
    from consul_on_pulumi.settings.stack_file import cluster_args
    from consul_on_pulumi.settings.tier_args import ConsulClientArgs, ConsulServerArgs

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
_COMPONENTS = ("ConsulClient", "ConsulCluster", "ConsulServer")
_MODULES = {
    "ConsulClient": "client",
    "ConsulClientArgs": "settings.tier_args",
    "ConsulCluster": "cluster",
    "ConsulClusterArgs": "settings.cluster_args",
    "ConsulServer": "server",
    "ConsulServerArgs": "settings.tier_args",
    "cluster_args": "settings.stack_file",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is used: the process of the dynamic providers and the command need none of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _COMPONENTS:
        run = import_module(f"{__name__}.run")
        run.start_provider(run.DYNAMIC)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

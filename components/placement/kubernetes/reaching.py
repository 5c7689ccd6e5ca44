"""Where the program reaches a server, as the settings say; and by which of Pulumi's providers its objects are made."""

from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from components.desired import ports
from components.live import reach
from components.live.reach import Way
from components.placement.kubernetes.settings import KubernetesArgs
from components.placement.kubernetes.tier import cluster_of
from components.placement.options import with_

WAYS = {"auto": Way.AUTO, "port-forward": Way.FORWARD, "proxy": Way.PROXY}


def address(settings: KubernetesArgs, pod: str) -> str:
    """The address of one server's HTTP API."""
    chosen = settings.get("reach", "auto")
    if chosen not in WAYS:
        return chosen.format(pod=pod)
    return reach.address(cluster_of(settings), settings["namespace"], pod, ports.HTTP, way=WAYS[chosen])


def provided(name: str, settings: KubernetesArgs, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """`opts` with a provider for the context that the settings name, unless there is one from the caller already."""
    inherited = opts.parent.get_provider("kubernetes:core/v1:Service") if opts.parent else None
    if inherited is not None or not {"context", "kubeconfig"} & settings.keys():
        return opts
    path = settings.get("kubeconfig")
    made = kubernetes.Provider(
        f"{name}-kubernetes",
        context=settings.get("context"),
        kubeconfig=str(Path(path).expanduser()) if path else None,
        opts=pulumi.ResourceOptions(parent=opts.parent),
    )
    return with_(opts, provider=made)

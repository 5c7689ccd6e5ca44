"""The Kubernetes provider of Pulumi for the objects of a cluster."""

from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.resource_options import with_options


def with_provider(name: str, settings: KubernetesArgs, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """`opts` with a provider for the context of the settings, unless the caller passed a provider."""
    inherited = opts.parent.get_provider("kubernetes:core/v1:Service") if opts.parent else None
    if inherited is not None or not {"context", "kubeconfig"} & settings.keys():
        return opts
    path = settings.get("kubeconfig")
    provider = kubernetes.Provider(
        f"{name}-kubernetes",
        context=settings.get("context"),
        kubeconfig=str(Path(path).expanduser()) if path else None,
        opts=pulumi.ResourceOptions(parent=opts.parent),
    )
    return with_options(opts, provider=provider)

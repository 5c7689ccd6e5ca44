"""The clients: a Deployment of as many as are wanted, or a DaemonSet with one on each node."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.desired import ports
from components.placement.contract import Placed
from components.placement.kubernetes import configuration, guards, pod, services
from components.placement.kubernetes.tier import Tier
from components.placement.options import with_

ARGUMENTS = ["-node=$(POD_NAME)", "-advertise=$(POD_IP)"]
TIMEOUT = {"pulumi.com/timeoutSeconds": "300"}
"""For the image, a node and the first word from a server."""


def place(tier: Tier, domain: str, opts: pulumi.ResourceOptions) -> Placed:
    """Make the clients and everything around them."""
    files = configuration.documents(tier, domain)
    config, made = configuration.config_map(tier, files, opts)
    template, _ = pod.template(tier, ARGUMENTS, config, [], configuration.secret(tier, opts))
    around = [made, guards.account(tier, opts), *guards.network_policy(tier, opts)]
    services.api(tier, opts)
    workload = _workload(tier, template, with_(opts, depends_on=around))
    address = f"http://{tier.called}.{domain}:{ports.HTTP}"
    return Placed(
        reach=[],
        http_addresses=[address],
        ui_addresses=[address],
        dns_addresses=[services.dns(tier, opts)],
        ready=[workload],
        data=None,
    )


def _workload(tier: Tier, template: dict[str, Any], opts: pulumi.ResourceOptions) -> pulumi.Resource:
    spec: dict[str, Any] = {"selector": {"match_labels": tier.selector}, "template": template}
    metadata = tier.metadata(tier.called, TIMEOUT)
    if tier.settings.get("clients") == "DaemonSet":
        daemons: pulumi.Resource = kubernetes.apps.v1.DaemonSet(
            f"{tier.name}-daemon-set", metadata=metadata, spec=spec, opts=opts
        )
        return daemons
    spec["replicas"] = tier.group.count
    made: pulumi.Resource = kubernetes.apps.v1.Deployment(
        f"{tier.name}-deployment", metadata=metadata, spec=spec, opts=opts
    )
    return made

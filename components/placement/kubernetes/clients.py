"""The clients: a Deployment of as many as are wanted, or a DaemonSet with one on each node."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.desired import ports
from components.live.client_roll import ClientRoll
from components.live.client_workload import ClientWorkload, Kind
from components.placement.contract import Placed
from components.placement.kubernetes import configuration, guards, pod, services
from components.placement.kubernetes.tier import MADE_IS_ENOUGH, Tier, cluster_of
from components.placement.options import with_

ARGUMENTS = ["-node=$(POD_NAME)", "-advertise=$(POD_IP)"]


def place(tier: Tier, domain: str, opts: pulumi.ResourceOptions) -> Placed:
    """Make the clients and everything around them."""
    group, settings = tier.group, tier.settings
    files = configuration.documents(tier, domain)
    config, made = configuration.config_map(tier, files, opts)
    template, definition = pod.template(tier, ARGUMENTS, config, [], configuration.secret(tier, opts))
    around = [made, guards.account(tier, opts), *guards.network_policy(tier, opts)]
    services.api(tier, opts)
    kind = Kind.DAEMON_SET if settings.get("clients") == "DaemonSet" else Kind.DEPLOYMENT
    workload = _workload(tier, kind, template, with_(opts, depends_on=around))
    # With the workload the clients themselves go.
    after = with_(opts, depends_on=[workload, *group.awaited], deleted_with=workload)
    which = ClientWorkload(
        cluster=cluster_of(settings).text,
        namespace=tier.namespace,
        kind=kind.value,
        workload=tier.called,
        selector=tier.selector,
        definition=definition,
    )
    roll = ClientRoll(f"{tier.name}-roll", which, None if kind is Kind.DAEMON_SET else group.count, after)
    address = f"http://{tier.called}.{domain}:{ports.HTTP}"
    return Placed(
        reach=[],
        http_addresses=[address],
        ui_addresses=[address],
        dns_addresses=[services.dns(tier, opts)],
        rolled=[roll],
        ready=[roll],
        data=None,
    )


def _workload(tier: Tier, kind: Kind, template: dict[str, Any], opts: pulumi.ResourceOptions) -> pulumi.Resource:
    spec: dict[str, Any] = {"selector": {"match_labels": tier.selector}, "template": template}
    metadata = tier.metadata(tier.called, MADE_IS_ENOUGH)
    if kind is Kind.DAEMON_SET:
        daemons: pulumi.Resource = kubernetes.apps.v1.DaemonSet(
            f"{tier.name}-daemon-set", metadata=metadata, spec=spec, opts=opts
        )
        return daemons
    spec["replicas"] = tier.group.count
    made: pulumi.Resource = kubernetes.apps.v1.Deployment(
        f"{tier.name}-deployment", metadata=metadata, spec=spec, opts=opts
    )
    return made

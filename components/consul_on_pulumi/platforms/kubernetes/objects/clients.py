"""The clients: a Deployment with a fixed number of them, or a DaemonSet with one on each node."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.platforms.contract import Placed
from consul_on_pulumi.platforms.kubernetes.api.client_workload import DAEMON_SET, DEPLOYMENT, ClientWorkload
from consul_on_pulumi.platforms.kubernetes.objects import configuration, guards, pod, services
from consul_on_pulumi.platforms.kubernetes.providers.client_rollout import ClientRollout
from consul_on_pulumi.platforms.kubernetes.providers.prerequisites import Prerequisites
from consul_on_pulumi.platforms.kubernetes.tier import CREATED_IS_ENOUGH, Tier, cluster_of
from consul_on_pulumi.resource_options import with_options


def place(tier: Tier, opts: pulumi.ResourceOptions) -> Placed:
    """Create the clients and all their objects."""
    group, settings = tier.group, tier.settings
    files = configuration.documents(tier)
    config_name, config_map = configuration.config_map(tier, files, opts)
    template, spec_hash = pod.template(tier, config_name, [], configuration.secret(tier, opts))
    needed = [config_map, guards.account(tier, opts), *guards.network_policy(tier, opts)]
    needed += configuration.live_secret(tier, opts)
    services.api(tier, opts)
    metadata = tier.metadata(tier.object_name, CREATED_IS_ENOUGH)
    spec: dict[str, Any] = {"selector": {"match_labels": tier.selector}, "template": template}
    at_once = group.at_once or "25%"
    if settings["clients"] == "DaemonSet":
        # One at a time by default; a Deployment has this default itself.
        spec["update_strategy"] = {"type": "RollingUpdate", "rolling_update": {"max_unavailable": at_once}}
        kind, count, suffix, create = DAEMON_SET, None, "daemon-set", kubernetes.apps.v1.DaemonSet
    else:
        kind, count, suffix, create = DEPLOYMENT, group.count, "deployment", kubernetes.apps.v1.Deployment
        spec["replicas"] = count
        # With one client on each node, a pod beside the old ones would find no node.
        if group.at_once or settings["spread"] == "hard":
            in_waves = {"max_unavailable": at_once, "max_surge": 0}
            spec["strategy"] = {"type": "RollingUpdate", "rolling_update": in_waves}
    after_servers = with_options(opts, depends_on=[*needed, *group.after])
    workload = create(f"{tier.name}-{suffix}", metadata=metadata, spec=spec, opts=after_servers)
    # A deletion of the workload deletes the clients, so there is no rollout to wait for then.
    after = with_options(opts, depends_on=[workload, *group.wait_for], deleted_with=workload)
    which = ClientWorkload(
        cluster=cluster_of(settings).text,
        namespace=settings["namespace"],
        kind=kind,
        workload=tier.object_name,
        selector=tier.selector,
        spec_hash=spec_hash,
    )
    needs = Prerequisites(namespace_exists=tier.namespace_exists, storage_class=None)
    rollout = ClientRollout(f"{tier.name}-rollout", which, count, needs, after)
    address = services.api_url(tier, tier.object_name)
    return Placed(
        http_addresses=[address],
        ui_addresses=[address],
        dns_addresses=[services.dns(tier, opts)],
        updated=[rollout],
        ready=[rollout],
    )

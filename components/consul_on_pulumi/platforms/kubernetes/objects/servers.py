"""The servers: one StatefulSet, and the resources that replace its pods one at a time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.cluster_end import End
from consul_on_pulumi.platforms.contract import Placed, release_of
from consul_on_pulumi.platforms.kubernetes import consul_access
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import CLAIM, Workload
from consul_on_pulumi.platforms.kubernetes.objects import configuration, guards, pod, services
from consul_on_pulumi.platforms.kubernetes.providers.claim_size import ClaimSize
from consul_on_pulumi.platforms.kubernetes.providers.pods_end import Agents, PodsEnd
from consul_on_pulumi.platforms.kubernetes.providers.prerequisites import Prerequisites
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import ScaleDown
from consul_on_pulumi.platforms.kubernetes.providers.server_rollout import ServerGroup, ServerRollout
from consul_on_pulumi.platforms.kubernetes.providers.voters import Voters
from consul_on_pulumi.platforms.kubernetes.tier import CREATED_IS_ENOUGH, MANAGED, Tier, cluster_of, selector
from consul_on_pulumi.resource_options import with_options


def place(tier: Tier, opts: pulumi.ResourceOptions) -> Placed:
    """Create the servers and all their objects."""
    settings, nodes, closed = tier.settings, tier.node_names, tier.group.insists
    addresses = [consul_access.server_address(settings, name, closed=closed) for name in nodes]
    workload = Workload(
        cluster=cluster_of(settings).text, namespace=settings["namespace"], stateful_set=tier.object_name
    )
    version = release_of(tier.name, tier.group, addresses, opts)
    if version:
        # `--target` gives pods no image whose release was not checked.
        tier = replace(tier, group=replace(tier.group, image=version.image))
    group = tier.group
    files = configuration.documents(tier)
    config_name, config_map = configuration.config_map(tier, files, opts)
    per_server = sorted(set(files) - {configuration.AGENT})
    secret = configuration.secret(tier, opts)
    template, spec_hash = pod.template(tier, config_name, per_server, secret)
    storage_class = settings["storage"].get("storage_class", "") if tier.storage_class_exists else None
    scale_down = ScaleDown(
        f"{tier.name}-scale-down",
        group.count,
        consul_access.server_address(settings, "{pod}", closed=closed),
        workload,
        Prerequisites(namespace_exists=tier.namespace_exists, storage_class=storage_class),
        opts,
    )
    needed: list[pulumi.Resource] = [
        config_map,
        guards.account(tier, opts),
        services.headless(tier, opts),
        *guards.network_policy(tier, opts),
        *guards.budget(tier, opts),
        *configuration.live_secret(tier, opts),
        scale_down,
    ]
    services.api(tier, opts)
    needed += [version] if version else []
    stateful_set = kubernetes.apps.v1.StatefulSet(
        f"{tier.name}-stateful-set",
        metadata=tier.metadata(tier.object_name, CREATED_IS_ENOUGH),
        spec=_spec(tier, template, scale_down.replicas),
        # Kubernetes refuses other templates; ClaimSize changes the claims themselves.
        opts=with_options(opts, depends_on=needed, ignore_changes=["spec.volumeClaimTemplates"], protect=group.protect),
    )
    # A deletion of the StatefulSet deletes the whole cluster, so none of these has anything to do then.
    after = with_options(opts, depends_on=[stateful_set], deleted_with=stateful_set)
    server_group = ServerGroup(
        names=nodes, addresses=addresses, spec_hash=spec_hash, image=group.image, configuration=files
    )
    rollout = ServerRollout(f"{tier.name}-rollout", server_group, workload, after)
    voters = Voters(f"{tier.name}-voters", nodes, addresses, workload, with_options(after, depends_on=[rollout]))
    size = settings["storage"]["size"]
    after_voters = with_options(after, depends_on=[voters])
    ClaimSize(f"{tier.name}-claims", tier.claims, size, tier.claim_labels, workload, after_voters)
    _end(tier, addresses, with_options(opts, depends_on=[voters]), stateful_set)
    return Placed(
        api_addresses=addresses,
        http_addresses=[services.api_url(tier, f"{name}.{tier.object_name}") for name in nodes],
        ui_addresses=[services.ui(tier, opts)],
        dns_addresses=[services.dns(tier, opts)],
        updated=[rollout],
        ready=[voters],
        version=version,
        data=stateful_set,
        store=stateful_set.metadata.uid,
    )


def _end(
    tier: Tier, addresses: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions, data: pulumi.Resource
) -> None:
    """Create the two resources that end all agents at once; the servers' `data` goes with the whole cluster."""
    cluster, cluster_id = tier.group.topology.cluster, tier.group.cluster_id
    clients = f"{tier.settings['clients']}/{naming.tier(cluster, Role.CLIENT)}"
    agents = Agents(
        cluster=cluster_of(tier.settings).text,
        namespace=tier.settings["namespace"],
        workloads={Role.SERVER.value: f"StatefulSet/{tier.object_name}", Role.CLIENT.value: clients},
        selector={**selector(cluster), **MANAGED},
        names=tier.node_names,
        addresses=addresses,
    )
    end = PodsEnd(f"{tier.name}-end", End(cluster_id=cluster_id, data_stays=False), agents, opts)
    before_end = with_options(opts, depends_on=[end], deleted_with=data)
    PodsEnd(f"{tier.name}-end-of-part", End(cluster_id=cluster_id, data_stays=True), agents, before_end)


def _spec(tier: Tier, template: dict[str, Any], replicas: pulumi.Input[int]) -> dict[str, Any]:
    storage = tier.settings["storage"]
    requests = {"storage": storage["size"]}
    claim: dict[str, Any] = {"access_modes": ["ReadWriteOnce"], "resources": {"requests": requests}}
    if "storage_class" in storage:
        claim["storage_class_name"] = storage["storage_class"]
    return {
        "service_name": tier.object_name,
        "replicas": replicas,
        # Start all at once: no server becomes ready before a majority runs.
        "pod_management_policy": "Parallel",
        "update_strategy": {"type": "OnDelete"},
        "selector": {"match_labels": tier.selector},
        "template": template,
        "volume_claim_templates": [{"metadata": {"name": CLAIM, "labels": tier.claim_labels}, "spec": claim}],
        "persistent_volume_claim_retention_policy": {
            "when_deleted": "Retain" if tier.settings["retain_data"] else "Delete",
            # Whoever scales it by hand loses nothing. ScaleDown deletes the claims of servers that the program removes.
            "when_scaled": "Retain",
        },
    }

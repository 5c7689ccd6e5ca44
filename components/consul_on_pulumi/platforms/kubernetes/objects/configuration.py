"""The agents' configuration in immutable objects: a new document is a new object, so a pod that restarts reads the
configuration that it was created with."""

import base64
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import MAX_SERVERS, Role
from consul_on_pulumi.outputs import has_outputs, lifted
from consul_on_pulumi.platforms.kubernetes.providers.live_files import LiveFiles
from consul_on_pulumi.platforms.kubernetes.tier import Tier, cluster_of

MAX_CONFIGURATION = 1000 * 1024
"""The most bytes of the user's agent configuration: a ConfigMap has at most 1 MiB (Kubernetes docs, ConfigMaps)."""
AGENT = "agent.json"
"""File with the configuration that all agents of a tier share."""


def documents(tier: Tier) -> dict[str, pulumi.Input[str]]:
    """File name to JSON: one file for all agents, and one for each server with the servers that it joins."""
    topology, shared = tier.group.topology, dict(tier.group.document)
    if tier.group.role is Role.CLIENT:
        return {AGENT: _json(shared)}
    del shared["retry_join"]
    per_server = {
        f"{naming.node(topology.cluster, Role.SERVER, ordinal)}.json": _json(
            {
                "retry_join": list(tier.group.join)
                or lifted(partial(naming.join_for_server, ordinal, topology), tier.domain)
            }
            | tier.group.own_document(ordinal)
        )
        # Files for the maximum number of servers, so that scaling changes no file.
        for ordinal in range(MAX_SERVERS)
    }
    return {AGENT: _json(shared), **per_server}


def config_map(
    tier: Tier, files: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> tuple[pulumi.Input[str], pulumi.Resource]:
    """Create the ConfigMap with these files; returns its name and the resource.

    The logical name contains the digest too. With one logical name for all, a document that is restored after a failed
    rollout would replace the resource, and collide with its own older object or be deleted together with it.
    Where a file is known only later, Pulumi generates the name of the object, a new one for each content.
    """
    if has_outputs(files):
        made = kubernetes.core.v1.ConfigMap(
            f"{tier.name}-config", metadata=tier.metadata(None), immutable=True, data=files, opts=opts
        )
        return made.metadata.name, made
    digest = naming.digest_of(files)[:10]
    object_name = f"{tier.object_name}-{digest}"
    resource = kubernetes.core.v1.ConfigMap(
        f"{tier.name}-config-{digest}", metadata=tier.metadata(object_name), immutable=True, data=files, opts=opts
    )
    return object_name, resource


def live_secret(tier: Tier, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Create the Secret with the files that are replaced in place, if there are any."""
    if not tier.group.live:
        return []
    where = (cluster_of(tier.settings).text, tier.live_secret, tier.settings["namespace"])
    return [LiveFiles(f"{tier.name}-files", *where, tier.metadata(None)["labels"], tier.group.live, opts)]


def secret(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
    """Create the Secret with the secret files; returns its name, or None if there are no such files.

    A new content is a new object with a name that Pulumi generates, so the pods are replaced as well.
    """
    if not tier.group.secrets:
        return None
    data: pulumi.Output[Any] = pulumi.Output.all(**tier.group.secrets).apply(
        lambda files: {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
    )
    resource = kubernetes.core.v1.Secret(
        f"{tier.name}-secrets", metadata=tier.metadata(None), immutable=True, data=pulumi.Output.secret(data), opts=opts
    )
    object_name: pulumi.Output[str] = resource.metadata.name
    return object_name


def _json(document: Mapping[str, Any]) -> pulumi.Input[str]:
    text: pulumi.Input[str] = lifted(lambda known: json.dumps(known, indent=2, sort_keys=True) + "\n", document)
    return text

"""The agents' configuration in objects that never change: another document is another object, so a pod that restarts
finds the configuration that it was rolled out with."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import MAX_SERVERS, Role
from consul_on_pulumi.platforms.kubernetes.tier import Tier
from consul_on_pulumi.platforms.spec_hash import digest_of

AGENT = "agent.json"
"""The document that all agents of a tier share."""


def documents(tier: Tier, domain: str) -> dict[str, str]:
    """File name to JSON: what all agents share, and for each server what it alone has to be told."""
    topology, shared = tier.group.topology, dict(tier.group.document)
    if tier.group.role is Role.CLIENT:
        return {AGENT: _json(shared)}
    del shared["retry_join"]
    own = {
        f"{naming.node(topology.cluster, Role.SERVER, ordinal)}.json": _json(
            {"retry_join": naming.join_of(ordinal, topology, domain)}
        )
        # For every size that there is, so that scaling changes no file.
        for ordinal in range(MAX_SERVERS)
    }
    return {AGENT: _json(shared), **own}


def config_map(tier: Tier, files: Mapping[str, str], opts: pulumi.ResourceOptions) -> tuple[str, pulumi.Resource]:
    """Make the object with these files; returns its name and what to wait for.

    Its logical name carries the digest as well: as a replacement of one and the same resource, a document that comes
    back after a roll that failed would find its own older object in the way, or be deleted together with it.
    """
    digest = digest_of(json.dumps(files, sort_keys=True))[:10]
    object_name = f"{tier.object_name}-{digest}"
    made = kubernetes.core.v1.ConfigMap(
        f"{tier.name}-config-{digest}", metadata=tier.metadata(object_name), immutable=True, data=files, opts=opts
    )
    return object_name, made


def secret(tier: Tier, opts: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
    """Make the object with the secret files, and return its name; None where there are none.

    Another content is another object under a name that Pulumi draws, so pods that name it are others as well.
    """
    if not tier.group.secrets:
        return None
    data: pulumi.Output[Any] = pulumi.Output.all(**tier.group.secrets).apply(
        lambda files: {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
    )
    made = kubernetes.core.v1.Secret(
        f"{tier.name}-secrets", metadata=tier.metadata(None), immutable=True, data=pulumi.Output.secret(data), opts=opts
    )
    object_name: pulumi.Output[str] = made.metadata.name
    return object_name


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"

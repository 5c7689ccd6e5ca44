"""The objects of a cluster as manifests, to apply them with kubectl."""

import json
from collections.abc import Iterator
from typing import Any

from consul_on_pulumi import ConsulCluster
from pulumi.runtime import rpc

from tests.recording import build, cluster_args


def manifests(settings: dict[str, Any], name: str, **more: Any) -> Iterator[dict[str, Any]]:
    """Every object of a cluster with these platform settings; `more` are other settings."""
    args = cluster_args({"kubernetes": settings}, name=name, **more)
    for one in build(lambda: {"http": ConsulCluster("consul", args).http_addresses}).seen:
        if one.type.startswith("kubernetes:"):
            inputs = {key: rpc.unwrap_rpc_secret(value) for key, value in one.inputs.items()}
            yield json.loads(json.dumps(inputs), parse_float=lambda number: int(float(number)))

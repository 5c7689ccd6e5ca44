"""The labels that show which cluster a Docker object belongs to: `docker ps --filter label=consul.cluster=…`."""

from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

CLUSTER = "consul.cluster"
"""Label with the name of the cluster."""
CLUSTER_ID = "consul.cluster-id"
"""Label with the cluster's ID, which no other cluster has, not even one with the same name."""


def of_cluster(name: str, cluster_id: pulumi.Input[str] | None = None) -> list[docker.ContainerLabelArgsDict]:
    """The labels of a resource of this cluster, as Docker's provider takes them."""
    labels: list[docker.ContainerLabelArgsDict] = [{"label": CLUSTER, "value": name}]
    return [*labels, {"label": CLUSTER_ID, "value": cluster_id}] if cluster_id is not None else labels


def match(expected: Mapping[str, str], found: Mapping[str, str] | None) -> bool:
    """Whether an object with the labels `found` has all `expected` labels; Docker reports None where it has none."""
    return expected.items() <= (found or {}).items()


def filters(expected: Mapping[str, str]) -> dict[str, list[str]]:
    """The filter of a list call that finds the objects with all `expected` labels."""
    return {"label": [f"{label}={value}" for label, value in expected.items()]}

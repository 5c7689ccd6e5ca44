"""What a killed engine left behind: made, but never written to the state, and now in the way of its own name."""

from contextlib import closing
from typing import Any

import docker
import pulumi
from docker.errors import NotFound

from consul_on_pulumi import resource_options

CLUSTER = "consul.cluster"
"""Label with the cluster's name."""
CLUSTER_ID = "consul.cluster-id"
"""Label with the word that tells one cluster from any other of the same name, say another user's."""
GRACE_SECONDS = 30
"""For an agent to end before it is killed."""


def cleared(name: str) -> pulumi.ResourceOptions:
    """Options under which a container or a network of this cluster is removed right before its like is created.

    Data is safe: it lies in volumes, which are found again by their names.
    """
    return resource_options.before_create(name, clear)


def clear(args: pulumi.ResourceHookArgs) -> None:
    """Remove the container or network that is called what `args` want to create, if it bears the same mark."""
    wanted = args.new_inputs or {}
    cluster_id = next((label["value"] for label in wanted.get("labels", []) if label["label"] == CLUSTER_ID), None)
    if cluster_id is None:
        return
    with closing(docker.from_env()) as client:
        if args.type.endswith(":Container"):
            _remove_container(client, wanted["name"], cluster_id)
        elif args.type.endswith(":Network"):
            for network in client.networks.list(
                names=[wanted["name"]], filters={"label": f"{CLUSTER_ID}={cluster_id}"}
            ):
                network.remove()


def _remove_container(client: Any, name: str, cluster_id: str) -> None:
    try:
        found = client.containers.get(name)
    except NotFound:
        return
    if found.labels.get(CLUSTER_ID) == cluster_id:
        found.stop(timeout=GRACE_SECONDS)
        found.remove(v=False)

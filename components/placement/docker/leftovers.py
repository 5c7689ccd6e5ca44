"""What a killed engine left behind: made, but never written to the state, and now in the way of its own name."""

from contextlib import closing
from typing import Any

import docker
import pulumi
from docker.errors import NotFound

from components.placement import options

CLUSTER = "consul.cluster"
"""Label with the cluster's name."""
MARK = "consul.mark"
"""Label with the word that tells one cluster from any other of the same name, say another user's."""
GRACE_SECONDS = 30
"""For an agent to end before it is killed."""


def cleared(name: str) -> pulumi.ResourceOptions:
    """Options under which a container or a network of this cluster is removed right before its like is created.

    Data is safe: it lies in volumes, which are found again by their names.
    """
    return options.clearing(name, clear)


def clear(args: pulumi.ResourceHookArgs) -> None:
    """Remove the container or network that is called what `args` want to create, if it bears the same mark."""
    wanted = args.new_inputs or {}
    mark = next((label["value"] for label in wanted.get("labels", []) if label["label"] == MARK), None)
    if mark is None:
        return
    with closing(docker.from_env()) as client:
        if args.type.endswith(":Container"):
            _remove_container(client, wanted["name"], mark)
        elif args.type.endswith(":Network"):
            for network in client.networks.list(names=[wanted["name"]], filters={"label": f"{MARK}={mark}"}):
                network.remove()


def _remove_container(client: Any, name: str, mark: str) -> None:
    try:
        found = client.containers.get(name)
    except NotFound:
        return
    if found.labels.get(MARK) == mark:
        found.stop(timeout=GRACE_SECONDS)
        found.remove(v=False)

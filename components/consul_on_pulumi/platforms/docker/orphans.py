"""Containers and networks that an interrupted run left behind: they exist in Docker, but in no state.

They block the next run, which wants to create objects with the same names.
"""

from typing import Any

import pulumi
from docker.errors import NotFound

from consul_on_pulumi import resource_options
from consul_on_pulumi.platforms.docker import engine, labels


def removed_before_create(name: str) -> pulumi.ResourceOptions:
    """Options that remove an orphan of this cluster right before a container or network with its name is created.

    The data is safe: it is in volumes, which are found again by their names.
    """
    return resource_options.before_create(name, remove)


def remove(args: pulumi.ResourceHookArgs) -> None:
    """Remove the container or network that has the name in `args`, if it has the same cluster ID."""
    inputs = args.new_inputs or {}
    ids = [label["value"] for label in inputs.get("labels", []) if label["label"] == labels.CLUSTER_ID]
    if not ids:
        return
    expected = {labels.CLUSTER_ID: ids[0]}
    with engine.connect() as client:
        if args.type.endswith(":Container"):
            _remove_container(client, inputs["name"], expected)
        elif args.type.endswith(":Network"):
            for network in client.networks.list(names=[inputs["name"]], filters=labels.filters(expected)):
                network.remove()


def _remove_container(client: Any, name: str, expected: dict[str, str]) -> None:
    try:
        container = client.containers.get(name)
    except NotFound:
        return
    if labels.match(expected, container.labels):
        container.stop(timeout=engine.STOP_TIMEOUT)
        container.remove(v=False)

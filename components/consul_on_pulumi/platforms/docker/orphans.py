"""Containers and networks that an interrupted run left behind: they exist in Docker, but in no state.

They block the next run, which wants to create objects with the same names.
"""

from contextlib import suppress

import pulumi
from docker.errors import NotFound

from consul_on_pulumi.platforms.docker import engine


def remove(args: pulumi.ResourceHookArgs) -> None:
    """Remove the container or network that has the name in `args`, if it has the same cluster ID.

    The data is safe: it is in volumes, which are found again by their names.
    """
    inputs = args.new_inputs or {}
    cluster_id = {label["label"]: label["value"] for label in inputs.get("labels", [])}.get(engine.CLUSTER_ID)
    if not cluster_id:
        return
    with engine.connect() as client:
        if args.type.endswith(":Container"):
            with suppress(NotFound):
                container = client.containers.get(inputs["name"])
                if container.labels.get(engine.CLUSTER_ID) == cluster_id:
                    container.stop(timeout=engine.STOP_TIMEOUT)
                    container.remove(v=False)
        elif args.type.endswith(":Network"):
            labels = {"label": [f"{engine.CLUSTER_ID}={cluster_id}"]}
            for network in client.networks.list(names=[inputs["name"]], filters=labels):
                network.remove()

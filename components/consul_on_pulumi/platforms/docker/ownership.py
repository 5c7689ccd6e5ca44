"""Which objects belong to this cluster. An object that somebody else created is neither changed nor deleted.

Docker returns an existing volume of the same name instead of creating one, and its provider deletes it at `destroy`.
So each object is looked for right before it is created, and in the preview as well (providers/ownership.py).
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pulumi
from docker.errors import NotFound

from consul_on_pulumi import run
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.model import ports
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker import engine, existing, occupied
from consul_on_pulumi.platforms.docker.existing import Existing, Owner
from consul_on_pulumi.providers.ownership import ForeignObjectError, refusal
from consul_on_pulumi.resource_options import Check

ANOTHER = "choose another cluster name"
"""What else may be chosen where an object has the name of ours."""
RELEASE_TIMEOUT = 3.0
"""Seconds for the engine to release a port."""
NOBODY = object()
"""A cluster ID that no object bears."""


def before_create(cluster: str, *, retain_data: bool) -> Check:
    """A hook that looks for an object of the name that is to be created, in previews too.

    A container or network of this cluster was left by an interrupted run and is removed: the data is in volumes. With
    `retain_data` a volume of an earlier cluster is used again, and a warning says so. Raises ForeignObjectError for any
    other object, and for a port of a container that is in use.
    """

    def look(args: pulumi.ResourceHookArgs, connection: Connection) -> None:
        kind, name = args.type.rpartition(":")[2].lower(), str((args.new_inputs or {}).get("name"))
        if kind not in ("container", "network", "volume"):
            return
        # What a client tier alone creates bears no ID, so nothing shows that an earlier run created an object. But a
        # preview of a replacement finds the container that is still there.
        no_id = None if pulumi.runtime.is_dry_run() else NOBODY
        owner = Owner(cluster, _cluster_id(args) or no_id, retain_data)
        try:
            seen = Existing.now(connection)
        except UnreachableError:
            if pulumi.runtime.is_dry_run():
                return
            raise
        found = seen.find(kind, name)
        if foreign := existing.foreign(seen, kind, name, owner):
            raise ForeignObjectError(refusal([foreign], engine.CLUSTER_ID, ANOTHER))
        if kind == "volume" and found and not owner.owns(found):
            whose = existing.label(found, engine.CLUSTER_ID) or "no such label"
            pulumi.log.warn(
                f"volume {name} ({engine.CLUSTER_ID}: {whose}) holds the data of an earlier cluster called {cluster}: "
                "this cluster uses it from now on"
            )
        elif found and not pulumi.runtime.is_dry_run():
            remove_orphan(connection, kind, name)
        if kind == "container":
            _require_ports(connection, name, (args.new_inputs or {}).get("ports", []), owner)

    return look


def remove_orphan(connection: Connection, kind: str, name: str) -> None:
    """Remove a container or a network that an interrupted run of this cluster left."""
    with engine.connect(connection) as client, suppress(NotFound):
        if kind == "container":
            container = client.containers.get(name)
            container.stop(timeout=engine.STOP_TIMEOUT)
            container.remove(v=False)
        elif kind == "network":
            client.networks.get(name).remove()


def _require_ports(connection: Connection, node: str, published: Sequence[Mapping[str, Any]], owner: Owner) -> None:
    """Raises ForeignObjectError if a port of a container is in use; one that was just removed may still have it."""
    settings = {ports.HTTP: "http_port", ports.HTTPS: "http_port", ports.DNS: "dns_port"}
    wanted = {(settings[int(one["internal"])], one["external"]) for one in published}
    deadline = time.monotonic() + RELEASE_TIMEOUT
    while True:
        seen = Existing.now(connection)
        found = [occupied.port_problem(seen, node, *one, owner) for one in wanted if isinstance(one[1], int | float)]
        problems = [problem for problem in found if problem]
        if not problems:
            return
        if pulumi.runtime.is_dry_run() or time.monotonic() > deadline:
            raise ForeignObjectError("\n".join(sorted(problems)))
        time.sleep(0.2)


def _cluster_id(args: pulumi.ResourceHookArgs) -> object:
    labels = {label["label"]: label.get("value") for label in (args.new_inputs or {}).get("labels", [])}
    return labels.get(engine.CLUSTER_ID)


def warn_if_unreachable(connection: Connection) -> None:
    """Say once in a run that nobody knows what exists on the Docker engine: a preview then shows the old state."""
    if run.mocks() or not run.first_time((warn_if_unreachable, connection.get("place", ""))):
        return
    try:
        with engine.connect(connection) as client:
            client.ping()
    except engine.NO_ANSWER as error:
        pulumi.log.warn(
            f"{error}. Until then nobody knows what exists and what runs there, although resources "
            "are shown as unchanged"
        )

"""What an operator asks of a cluster as a whole, over the same conversation."""

import json
from collections.abc import Iterator
from typing import IO, Any

from consul_on_pulumi.consul.api import Consul

AUTOPILOT = "/v1/operator/autopilot/configuration"
SNAPSHOT = "/v1/snapshot"
SNAPSHOT_ATTEMPT = 300.0
"""Seconds without a byte in a transfer of everything that is stored."""
CHUNK = 1024 * 1024
"""Bytes that are held at once."""


def snapshot(consul: Consul) -> Iterator[bytes]:
    """Everything the cluster stores at one moment, by the leader (`GET /v1/snapshot`), piece by piece.

    Raises requests.RequestException where the transfer breaks off.
    """
    with consul.ask("GET", SNAPSHOT, attempt=SNAPSHOT_ATTEMPT, stream=True) as answer:
        yield from answer.iter_content(CHUNK)


def restore(consul: Consul, taken: IO[bytes]) -> None:
    """Replace everything the cluster stores by a snapshot (`PUT /v1/snapshot`)."""
    consul.ask("PUT", SNAPSHOT, body=taken, attempt=SNAPSHOT_ATTEMPT)


def autopilot(consul: Consul) -> dict[str, Any]:
    """Autopilot's configuration (`GET /v1/operator/autopilot/configuration`)."""
    configuration: dict[str, Any] = consul.ask("GET", AUTOPILOT).json()
    return configuration


def configure_autopilot(consul: Consul, **wanted: Any) -> None:
    """Change some of autopilot's keys and leave the others as they are, even if they change meanwhile."""
    while (present := autopilot(consul)) | wanted != present:
        consul.ask("PUT", AUTOPILOT, {"cas": str(present["ModifyIndex"])}, json.dumps(present | wanted))

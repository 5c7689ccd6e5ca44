"""Operator requests: snapshots and autopilot."""

import json
from collections.abc import Iterator
from typing import IO, Any

import requests

from consul_on_pulumi.consul import answers
from consul_on_pulumi.consul.api import Consul, UnreachableError, agent, content

AUTOPILOT = "/v1/operator/autopilot/configuration"
SNAPSHOT = "/v1/snapshot"
SNAPSHOT_TIMEOUT = 300.0
"""Seconds without a byte after which the transfer of a snapshot fails."""
CHUNK = 1024 * 1024
"""Bytes of a snapshot that are in memory at once."""


def snapshot(consul: Consul) -> Iterator[bytes]:
    """A snapshot of the cluster (`GET /v1/snapshot`), in chunks.

    Raises UnreachableError, also if the transfer is interrupted, and RefusedError.
    """
    with consul.request("GET", SNAPSHOT, attempt_timeout=SNAPSHOT_TIMEOUT, stream=True) as answer:
        try:
            yield from answer.iter_content(CHUNK)
        except requests.RequestException as error:
            raise UnreachableError(answers.silence(agent(answer), error)) from error


def restore(consul: Consul, snapshot_file: IO[bytes]) -> None:
    """Replace all data of the cluster with a snapshot (`PUT /v1/snapshot`)."""
    consul.request("PUT", SNAPSHOT, body=snapshot_file, attempt_timeout=SNAPSHOT_TIMEOUT)


def autopilot(consul: Consul) -> dict[str, Any]:
    """Autopilot's configuration (`GET /v1/operator/autopilot/configuration`)."""
    configuration: dict[str, Any] = content(consul.request("GET", AUTOPILOT))
    return configuration


def configure_autopilot(consul: Consul, **wanted: Any) -> None:
    """Set some keys of autopilot's configuration and keep the others, even if they change at the same time."""
    while (present := autopilot(consul)) | wanted != present:
        consul.request("PUT", AUTOPILOT, {"cas": str(present["ModifyIndex"])}, json.dumps(present | wanted))

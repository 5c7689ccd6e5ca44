"""`consul-on-pulumi snapshot` and `restore`: save and replace everything that a cluster stores."""

import hashlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import requests

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul.api import Consul, RefusedError, UnreachableError

PATH = "/v1/snapshot"
TIMEOUT = 300.0
"""Seconds without a byte after which the transfer of a snapshot fails."""
CHUNK = 1024 * 1024
"""Bytes of a snapshot that are in memory at once."""


def run(command: str, stack: str, name: str | None, file: Path | None) -> str:
    """Do the `command` snapshot or restore with the cluster of a stack; returns what was done.

    Without a `file` a snapshot gets a new one, and a restore uses the newest one.
    """
    cluster = stacks.cluster(stack, name)
    addresses = list(cluster.servers.values())
    try:
        if command == "snapshot":
            file = file or _folder(cluster) / time.strftime(f"%Y%m%dT%H%M%SZ-{cluster.name}.snap", time.gmtime())
            digest = save(addresses, file)
            return f"saved {file} ({file.stat().st_size} bytes, sha256 {digest})"
        file = file or _newest(_folder(cluster), cluster.name)
        restore(addresses, file)
    except (RefusedError, UnreachableError, OSError, requests.RequestException) as error:
        sys.exit(f"{command} failed: {error}")
    return f"restored {file}; `pulumi refresh --stack {stack}` shows where the KV entries differ from the settings"


def save(addresses: Sequence[str], file: Path) -> str:
    """Write a consistent snapshot, made by the leader, to `file`: all of it or nothing. Returns its SHA-256."""
    digest = hashlib.sha256()
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    try:
        answer = Consul(addresses).request("GET", PATH, attempt_timeout=TIMEOUT, stream=True)
        with answer, part.open("wb") as written:
            for piece in answer.iter_content(CHUNK):
                written.write(piece)
                digest.update(piece)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()


def restore(addresses: Sequence[str], file: Path) -> None:
    """Replace everything that the cluster stores by the content of `file`."""
    with file.open("rb") as taken:
        Consul(addresses, timeout=60).request("PUT", PATH, body=taken, attempt_timeout=TIMEOUT)


def _folder(cluster: stacks.Cluster) -> Path:
    """Where the snapshots of a stack are kept; created if need be, closed to other users."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    found = state / "consul-on-pulumi" / "snapshots" / cluster.project / cluster.stack
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def _newest(folder: Path, cluster: str) -> Path:
    # The name is TIME-CLUSTER.snap, so the last one in alphabetical order is the newest.
    found = sorted(file for file in folder.glob("*.snap") if file.stem.partition("-")[2] == cluster)
    if not found:
        sys.exit(f"no snapshot of {cluster} in {folder}: run `consul-on-pulumi snapshot` first, or name a file")
    return found[-1]

"""`consul-on-pulumi snapshot` and `restore`: save and replace everything that a cluster stores."""

import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import requests

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul import operator_api
from consul_on_pulumi.consul.api import Consul, RefusedError, UnreachableError


def save(addresses: Sequence[str], file: Path) -> str:
    """Write a consistent snapshot, made by the leader, to `file`: all of it or nothing. Returns its SHA-256."""
    digest = hashlib.sha256()
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    try:
        with part.open("wb") as written:
            for piece in operator_api.snapshot(Consul(addresses)):
                written.write(piece)
                digest.update(piece)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()


def restore(addresses: Sequence[str], file: Path) -> None:
    """Replace everything that the cluster stores by the content of `file`."""
    with file.open("rb") as taken:
        operator_api.restore(Consul(addresses, timeout=60), taken)


def newest(folder: Path, cluster: str) -> Path:
    """The last snapshot of this cluster in `folder`. Ends the program with one sentence where there is none."""
    # The name is TIME-CLUSTER.snap, so the last one in alphabetical order is the newest.
    found = sorted(file for file in folder.glob("*.snap") if file.stem.partition("-")[2] == cluster)
    if not found:
        sys.exit(f"no snapshot of {cluster} in {folder}: run `consul-on-pulumi snapshot` first, or name a file")
    return found[-1]


def run(command: str, stack: str, name: str | None, file: Path | None) -> str:
    """Do the `command` snapshot or restore with the cluster of a stack; returns what was done.

    Without a `file` a snapshot gets a new one, and a restore uses the newest one.
    """
    cluster = stacks.cluster(stack, name)
    addresses = list(cluster.servers.values())
    try:
        if command == "snapshot":
            new = time.strftime(f"%Y%m%dT%H%M%SZ-{cluster.name}.snap", time.gmtime())
            file = file or stacks.folder(cluster) / new
            digest = save(addresses, file)
            return f"saved {file} ({file.stat().st_size} bytes, sha256 {digest})"
        file = file or newest(stacks.folder(cluster), cluster.name)
        restore(addresses, file)
    except (RefusedError, UnreachableError, OSError, requests.RequestException) as error:
        sys.exit(f"{command} failed: {error}")
    return f"restored {file}; `pulumi refresh --stack {stack}` shows where the KV entries differ from the settings"

"""`consul-on-pulumi snapshot` and `restore`: save and replace everything that a cluster stores."""

import sys
from pathlib import Path

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul import snapshot_files, state_folder
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.connection import CONNECTION, with_token
from consul_on_pulumi.security import access
from consul_on_pulumi.security.credentials import MANAGEMENT

ACCESS = ":Access"
"""The end of the type of the resource that writes the tokens of a closed cluster."""


def run(command: str, stack: str, name: str | None, file: Path | None) -> str:
    """Do the `command` snapshot or restore with the cluster of a stack; returns what was done.

    Without a `file` a snapshot gets a new one, and a restore uses the newest one.
    """
    cluster = stacks.cluster(stack, name)
    addresses, connection = list(cluster.servers.values()), with_token(cluster.connection, MANAGEMENT)
    try:
        folder = state_folder.of("snapshots", cluster.project, cluster.stack)
        if command == "snapshot":
            file = file or snapshot_files.new_file(folder, cluster.name)
            digest = snapshot_files.save(addresses, connection, file)
            return f"saved {file} ({file.stat().st_size} bytes, sha256 {digest})"
        file = file or snapshot_files.newest(folder, cluster.name)
        if file is None:
            sys.exit(
                f"no snapshot of {cluster.name} in {folder}: run `consul-on-pulumi snapshot` first, or name a file"
            )
        snapshot_files.restore(addresses, connection, file)
        if any(kind.endswith(ACCESS) for kind in cluster.types):
            # The tokens in the snapshot may be those of a cluster that is gone.
            access.readmit({**stacks.outputs(stack, cluster.name, ACCESS), CONNECTION: connection})
    except (RefusedError, UnreachableError, snapshot_files.DamagedError, OSError) as error:
        sys.exit(f"{command} failed: {error}")
    return f"restored {file}; `pulumi refresh --stack {stack}` shows where the KV entries differ from the settings"

"""Where a server keeps its Raft log: a store that it has not used yet begins empty."""

from collections.abc import Mapping
from typing import Any

from consul_on_pulumi.model.rollout import ClusterView

BOLTDB, DEFAULT = "boltdb", "default"


def backend(document: Mapping[str, Any]) -> Any:
    """The `raft_logstore.backend` of an agent configuration: DEFAULT is the store that is there, else `wal`."""
    store = document.get("raft_logstore")
    found = {str(key).lower(): value for key, value in store.items()} if isinstance(store, Mapping) else {}
    return found.get("backend", DEFAULT)


def problem(before: str, wanted: str, servers: int, view: ClusterView) -> str | None:
    """Why the servers cannot change to the `wanted` backend, or None.

    `before` is the recorded one, empty in a new cluster; what servers report counts more. `servers` is how many there
    are to be. Only BOLTDB begins empty: where a server has such a store, it uses no other (consul,
    agent/consul/server.go, setupRaft).
    """
    now = {status.raft_log for status in view.status.values() if status.raft_log} or {before}
    if wanted != BOLTDB or now <= {BOLTDB, ""} or min(servers, len(view.voters)) > 1:
        return None
    return (
        "raft_logstore.backend: with boltdb a server begins with an empty Raft log and copies the data from the other "
        "servers, but no two servers vote here: the data would be lost. Leave it out, or first run `pulumi up` with 3 "
        "servers"
    )

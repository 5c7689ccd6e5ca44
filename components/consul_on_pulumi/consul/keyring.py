"""The gossip keys of a cluster: installed, used and removed while it runs (Consul docs, `consul keyring`)."""

import json
import time
from typing import Any

from consul_on_pulumi.consul.api import Consul, RefusedError, content

TIMEOUT = 60.0
"""Seconds for all agents to have a key."""
REQUEST_TIMEOUT = 30.0
"""Seconds for all agents to answer a change."""


def use(consul: Consul, key: str) -> None:
    """Let every agent know the key, and then encrypt with it. Agents still understand all keys that they know.

    Raises UnreachableError and RefusedError.
    """
    _change(consul, "POST", key)
    _wait_for_all(consul, key)
    _change(consul, "PUT", key)


def keep_only(consul: Consul, key: str) -> None:
    """Remove all other keys, if every agent encrypts with this one. Raises UnreachableError and RefusedError."""
    _wait_for_all(consul, key, "PrimaryKeys")
    for other in {found for pool in _pools(consul) for found in pool["Keys"]} - {key}:
        _change(consul, "DELETE", other)


def _wait_for_all(consul: Consul, key: str, which: str = "Keys") -> None:
    """Every agent answers for itself which keys it has; an agent that just joined has its own."""
    deadline = time.monotonic() + TIMEOUT
    while missing := [pool for pool in _pools(consul) if pool[which].get(key, 0) < pool["NumNodes"]]:
        if time.monotonic() > deadline:
            pool = missing[0]
            raise RefusedError(
                f"only {pool[which].get(key, 0)} of {pool['NumNodes']} agents have the new gossip key: restart "
                "the others (`consul members` lists them), then run `pulumi up` again. The old key is still valid"
            )
        time.sleep(1)


def _pools(consul: Consul) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content(consul.request("GET", "/v1/operator/keyring"))
    return found


def _change(consul: Consul, method: str, key: str) -> None:
    body = json.dumps({"Key": key})
    consul.request(method, "/v1/operator/keyring", body=body, attempt_timeout=REQUEST_TIMEOUT)

"""What each agent of a cluster has loaded, as it says itself: its node metadata has a mark of its secret files."""

import importlib
import time
from collections.abc import Mapping
from typing import Any

import requests

from consul_on_pulumi.consul import access, answers
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.model.topology import Role

FILES, AUTHORITY = "security-files", "security-authority"
"""Node metadata: the mark of all files, and the fingerprint of the authority that signed the certificate."""
TIMEOUT = 120.0
"""Seconds for an agent to load its files. A kubelet may bring them after a minute."""
INTERVAL = 1.0
"""Seconds between two requests to an agent that has not loaded them."""
REQUEST_TIMEOUT = 5.0
"""Seconds for one of them."""


def operations(location: Mapping[str, str]) -> Any:
    """The module of the platform in a location that acts on what runs there."""
    return importlib.import_module(f"consul_on_pulumi.platforms.{location['platform']}.operations")


def reload(location: Mapping[str, str], role: Role, connection: Connection, wanted: str) -> None:
    """Let all agents of a role read their files again, until each has this mark. Raises UnreachableError."""
    platform = operations(location)
    for name in (agents := platform.agents(location, role, connection)):
        platform.bring_files(location, name, connection, wanted)
    deadline, waiting = time.monotonic() + TIMEOUT, agents
    with access.session(connection) as http:
        while waiting := {name: base for name, base in waiting.items() if (why := _missing(http, base, FILES, wanted))}:
            if time.monotonic() > deadline:
                first = next(iter(waiting))
                raise UnreachableError(
                    f"{', '.join(waiting)} did not load the files of `security` in {TIMEOUT:.0f} s ({first}: {why}). "
                    "What was valid before is still valid: see its log, then run `pulumi up` again"
                )
            time.sleep(INTERVAL)
            for base in waiting.values():
                _try(http, "PUT", f"{base}/v1/agent/reload")
            # A pod may have been replaced meanwhile.
            now = platform.agents(location, role, connection)
            waiting = {name: now[name] for name in waiting if name in now}


def require(location: Mapping[str, str], role: Role, connection: Connection, key: str, wanted: str) -> None:
    """Raises UnreachableError unless all agents of a role have this mark."""
    with access.session(connection) as http:
        for name, base in operations(location).agents(location, role, connection).items():
            if why := _missing(http, base, key, wanted):
                raise UnreachableError(f"{name} does not show that it has the new certificates: {why}")


def _missing(http: requests.Session, base: str, key: str, wanted: str) -> str:
    """Why this agent does not show the mark; empty if it does."""
    found = _try(http, "GET", f"{base}/v1/agent/self")
    if isinstance(found, str):
        return found
    shown = found.json()["Meta"].get(key, "nothing")
    return "" if shown == wanted else f"it has {shown} and not {wanted}"


def _try(http: requests.Session, method: str, url: str) -> requests.Response | str:
    base = url.partition("/v1/")[0]
    try:
        answer = http.request(method, url, timeout=REQUEST_TIMEOUT)
    except requests.RequestException as error:
        return answers.silence(base, error)
    return answer if answer.ok else answers.refusal(base, answer)

"""Waiting for a cluster of plain processes: what must hold before it is of use."""

import urllib.request
from collections.abc import Callable

from toolchain.kubernetes import dns, layout
from toolchain.kubernetes.api import Api, wait
from toolchain.kubernetes.isolation import Group

WITHIN = 90.0


def await_all(what: str, holds: Callable[[], object], groups: list[Group]) -> None:
    """Waits for something as long as every supervisor lives."""

    def ended() -> str | None:
        dead = [group for group in groups if group.outer() is None]
        return f"its supervisor ended, see {dead[0].logs / 'supervisor.log'}" if dead else None

    wait(f"waiting for {what}", holds, WITHIN, f"see the logs in {layout.folder()}", ended)


def node(api: Api, name: str, since: str) -> bool:
    """Whether a node said so at that time or later, like ``2026-01-31T12:00:00Z``; before, it may have been another."""
    found = api.get(f"/api/v1/nodes/{name}") or {}
    conditions = found.get("status", {}).get("conditions", [])
    return any(
        one["type"] == "Ready" and one["status"] == "True" and one["lastHeartbeatTime"] >= since for one in conditions
    )


def dns_server() -> bool:
    """Whether CoreDNS has seen all services."""
    try:
        with urllib.request.urlopen(f"http://{layout.HOST}:{dns.READY_PORT}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

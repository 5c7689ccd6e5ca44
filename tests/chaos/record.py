"""What a run wrote down: where it ran, and each scenario that reached its target."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from tools import places, versions
from tools.builds import cache

Outcome = tuple[str, bool]
"""The measurements as text, and whether they reach the target."""


class Entry(TypedDict):
    """One scenario that reached its target."""

    title: str
    text: str
    date: str
    """Its end, in UTC."""
    seconds: int


def now() -> str:
    """The minute, in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def machine() -> str:
    """The machine, the releases of what runs on it, and the commit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    engine = _said("docker", "version", "--format", "{{.Server.Version}}")
    commit = _said("git", "-C", str(places.ROOT), "rev-parse", "--short", "HEAD")
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}, Docker {engine}, "
        f"Kubernetes {versions.KUBERNETES}, Consul {versions.CONSUL}, Pulumi {versions.PULUMI}, commit {commit}"
    )


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def file() -> Path:
    """The log of this version of the package: after a change of the package every scenario runs again."""
    folder = places.state() / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{cache.digest(places.ROOT / 'components', '*.py')}.jsonl"


def reached(log: Path) -> dict[str, Entry]:
    """The newest entry of each scenario."""
    lines = log.read_text().splitlines() if log.exists() else []
    return {entry["title"]: entry for entry in map(json.loads, lines)}


def add(log: Path, entry: Entry) -> None:
    """Write an entry at the end of the log."""
    with log.open("a") as opened:
        opened.write(json.dumps(entry) + "\n")

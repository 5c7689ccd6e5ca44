"""The cluster and the changes to it whose previews are recorded."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.cluster import PROJECT, Cluster
from tests.e2e.engine import RUN
from tools import places

HERE = Path(__file__).parent
EVENTS, GOLDEN = HERE / "events", HERE / "golden"
"""Recorded previews, and the comments on them."""
STACK = "review"
STACK_FILE = f"e2e-{RUN}-{STACK}"
HTTP_PORT = random.randrange(30000, 32000, 10)
"""The first of the ports that a change sets; no agent gets one of these by itself."""
PASSWORD = "seed_secrets.app.password"
CANARY = "canary-3f9c1d"
SEEDS = {"app": {"name": "web", "replicas": 3}, "motd": "Consul on Pulumi"}
SETTINGS: dict[str, Any] = {
    "servers": 3,
    "clients": 1,
    "datacenter": "review",
    "security": {"enabled": False},
    "seeds": SEEDS,
    "seed_sets": {"app": {"prefix": "db/", "entries": {"host": "db.local"}}},
}
EDITED = {"app": {"name": "shop"}, "motd": "Consul on Pulumi", "new": {"key": "a|b `c` <b>@x</b>\nline 2"}}

CHANGES: dict[str, dict[str, Any]] = {
    "no-change": {},
    "scale-up": {"servers": 5},
    "scale-down": {"servers": 1},
    "image": {"image": "hashicorp/consul:1.22.8"},
    "agent-setting": {"agent_config": {"log_level": "DEBUG"}},
    "kv-edits": {"seeds": EDITED},
    "port": {"docker": {"http_port": HTTP_PORT}},
    "subnet": {"docker": {"subnet": "10.99.0.0/24"}},
    "client-count": {"clients": 2},
    "data-policy": {"docker": {"retain_data": True}},
    "secret": {"secret": f"{CANARY}-new"},
    "invalid-file": {"servers": 4, "datacentre": "dc1"},
    "seed-set-removed": {"seed_sets": {"app": None}},
}
"""Changed settings; `docker` are those of the platform, `secret` is the password."""


def prepare(cluster: Cluster) -> None:
    """Set the secret that one of the changes replaces."""
    cluster.secret(PASSWORD, f"{CANARY}-old")


@contextmanager
def changed(cluster: Cluster, edit: dict[str, Any]) -> Iterator[None]:
    """The stack file with an edit, for as long as this lasts."""
    file = Path(cluster.work_dir) / f"Pulumi.{STACK_FILE}.yaml"
    before = file.read_text()
    written = yaml.safe_load(before)
    settings = written["config"][f"{PROJECT}:cluster"]
    docker = settings["platform"]["docker"] | edit.get("docker", {})
    settings |= {key: value for key, value in edit.items() if key not in ("docker", "secret")}
    settings["platform"] = {"docker": docker}
    if settings["seed_sets"] == {"app": None}:
        settings["seed_sets"] = {}
        del written["config"][f"{PROJECT}:seed_secrets"]
    file.write_text(yaml.safe_dump(written))
    try:
        if "secret" in edit:
            cluster.secret(PASSWORD, edit["secret"])
        yield
    finally:
        file.write_text(before)


def review(cluster: Cluster, log: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The documented command, in the folder of the program."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "consul_on_pulumi.cli.main",
            "review",
            "--stack",
            STACK_FILE,
            "--event-log",
            str(log),
            *more,
        ],
        cwd=cluster.work_dir,
        env={**os.environ, **cluster.env, "PYTHONPATH": str(places.ROOT / "components")},
        capture_output=True,
        text=True,
        check=False,
    )


def flattened(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """A seed tree as keys and texts."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        found |= flattened(value, f"{prefix}{key}/") if isinstance(value, dict) else {f"{prefix}{key}": _text(value)}
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

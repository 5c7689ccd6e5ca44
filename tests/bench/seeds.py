"""The time that seeding takes, beside `consul kv import` of the same file and beside a stack without seeds."""

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

from consul_on_pulumi.consul.api import Consul
from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.seed import Seed, Seeds
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider

from tests.bench.project import STACK, Project

MANY, MOST = 10_000, 55_000
"""Keys of a large configuration, and of a user's report (consul #15955)."""
PROVIDER_AIM, MOST_AIM, IMPORT_AIM, PREVIEW_AIM = 0.8, 4.5, 10.0, 1.3
"""Seconds for MANY and for MOST keys, how many times as fast as an import, and the ratio of a preview with MANY keys to
one without."""


def made(count: int, top: str, changed: int | None = None) -> Seeds:
    """Keys with values of 64 bytes. The key number `changed` has another value."""
    seeds = {f"{top}/{number % 100:02}/{number:05}": Seed(f"{number:064}".encode()) for number in range(count)}
    if changed is not None:
        seeds[f"{top}/{changed % 100:02}/{changed:05}"] = Seed(b"y" * 64)
    return seeds


def exported(seeds: Seeds) -> str:
    """The same keys in the format of `consul kv export`."""
    return json.dumps(
        [
            {"key": key, "flags": seed.flags, "value": base64.b64encode(seed.value).decode()}
            for key, seed in seeds.items()
        ]
    )


def provider_seconds(addresses: list[str], count: int) -> float:
    """Seconds that the provider alone takes to create `count` keys."""
    wanted: dict[str, Any] = {"addresses": addresses, **kv_state.to_props(made(count, "provider")), "revision": 1}
    began = time.monotonic()
    KvEntriesProvider().create(wanted)
    took = time.monotonic() - began
    assert len(Consul(addresses, {}).keys_below("provider/")) == count
    KvEntriesProvider().delete("id", wanted)
    return took


def import_seconds(container: str, addresses: list[str], count: int) -> float:
    """Seconds that `consul kv import` inside a server takes for the same."""
    text = exported(made(count, "import"))
    began = time.monotonic()
    command = ["docker", "exec", "--interactive", container, "consul", "kv", "import", "-"]
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)
    took = time.monotonic() - began
    assert len(Consul(addresses, {}).keys_below("import/")) == count
    KvEntriesProvider().delete(
        "id", {"addresses": addresses, **kv_state.to_props(made(count, "import")), "revision": 1}
    )
    return took


def write(folder: Path, seeds: Seeds) -> None:
    """Write the file that the settings of `seeded` name."""
    (folder / "bulk.json").write_text(exported(seeds))


def seeded(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a cluster with the seeds that `write` wrote."""
    return settings | {"seed_sets": {"bulk": {"export": "bulk.json"}}}


def indexes(addresses: list[str]) -> dict[str, int]:
    """The ModifyIndex of each key."""
    return {key: stored.index for key, stored in Consul(addresses, {}).keys_below("").items()}


def state_bytes(project: Project) -> int:
    """Bytes of the stack's state in the backend."""
    (file,) = project.backend.rglob(f"stacks/**/{STACK}.json")
    return file.stat().st_size

"""The time that seeding takes, beside `consul kv import` of the same file and beside a stack without seeds."""

import base64
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from consul_on_pulumi.consul.api import Consul
from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.seed import Seed, Seeds
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider

from tests.bench.figures import aim
from tests.bench.on_docker import HTTP, NAME
from tests.bench.project import STACK, Project, ours
from tests.e2e import engine

MANY, MOST = 10_000, 55_000
"""Keys of a large configuration, and of a user's report (consul #15955)."""


def lines(folder: Path, dev: dict[str, Any], rounds: int) -> list[str]:
    """Seed a cluster that is up, change one key, and return lines with the seconds."""
    settings = dev | {"name": NAME, "platform": {"docker": {"subnet": engine.free_subnet(), "http_port": HTTP}}}
    cluster = ours(folder, settings)
    cluster.up_without_preview()
    addresses = [f"http://127.0.0.1:{HTTP + ordinal}" for ordinal in range(settings["servers"])]
    many = [provider_seconds(addresses, MANY) for _ in range(rounds)]
    imported = [import_seconds(f"{NAME}-server-0", addresses, MANY) for _ in range(rounds)]
    most = [provider_seconds(addresses, MOST) for _ in range(rounds)]

    without = [timed(cluster.preview) for _ in range(rounds)]
    before = state_bytes(cluster)
    write(folder, made(MANY, "bulk"))
    cluster.change({"consul-on-pulumi:cluster": seeded(settings)})
    cluster.up_without_preview()
    size = (state_bytes(cluster) - before) / MANY
    with_keys = [timed(cluster.preview) for _ in range(rounds)]

    idle, changed = [], []
    for number in range(rounds):
        idle.append(timed(cluster.up_without_preview))
        old = indexes(addresses)
        write(folder, made(MANY, "bulk", changed=number))
        changed.append(timed(cluster.up_without_preview))
        new = indexes(addresses)
        # The key that the round before changed gets its first value again.
        assert len([key for key in new if new[key] != old[key]]) == (1 if number == 0 else 2)

    cluster.destroy()
    return [
        f"Seeding on the stack that is up, medians of {rounds}:",
        *aim(f"{MANY:,} keys, provider", median(many), 0.8, "s"),
        *aim(f"{MOST:,} keys, provider", median(most), 4.5, "s"),
        *aim("the same keys over consul kv import", median(many) / median(imported), 0.1),
        *aim(
            f"up that changes one of {MANY:,} keys, over one without a change",
            median(changed) / median(idle),
            1.5,
        ),
        *aim(f"preview with {MANY:,} keys over one without keys", median(with_keys) / median(without), 1.3),
        f"  {f'{MANY:,} keys, consul kv import':<52}{median(imported):>7.2f} s",
        f"  {'state of each key':<52}{size:>7.0f} bytes",
    ]


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


def timed(work: Callable[[], object]) -> float:
    """The seconds that some work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began

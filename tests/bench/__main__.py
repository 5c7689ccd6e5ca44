"""`make bench`: the time that the program takes, beside the same work by hand. Rounds alternate; medians count."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from consul_on_pulumi.consul.api import Consul
from consul_on_pulumi.model import agent, kv_tree
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.docker.platform import DockerPlatform
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

from tests.bench import on_kubernetes, seeds
from tests.bench.project import STACK, Project, empty, ours
from tests.e2e import engine
from tools import places

AIM = 1.5
"""The highest ratio that is good enough."""
NAME = f"consul-{STACK}"
HTTP, DNS = 18500, 18600
BY_HAND = Path(__file__).with_name("by_hand.sh")

Method = tuple[str, Callable[[], object]]
"""One thing to measure: its name and its function."""


def measure(methods: list[Method], rounds: int, between: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of each method in each round. A round runs all methods, so that all run on the same machine at a time."""
    seconds: dict[str, list[float]] = {name: [] for name, _ in methods}
    for number in range(1, rounds + 1):
        for name, work in methods:
            between()
            started = time.monotonic()
            work()
            seconds[name].append(time.monotonic() - started)
            print(f"  {number}/{rounds} {name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    return seconds


def show(seconds: dict[str, list[float]]) -> None:
    """Print the medians, and their ratios to the last method."""
    medians = {name: median(values) for name, values in seconds.items()}
    *_, plain = medians.values()
    for name, value in medians.items():
        ratio = value / plain
        verdict = "" if value is plain else f"{ratio:.2f}  {'ok' if ratio <= AIM else f'above {AIM}'}"
        spread = f"{min(seconds[name]):.2f} to {max(seconds[name]):.2f}"
        print(f"  {name:<40}{value:>7.2f} s   {spread:<16}  {verdict}")


def main() -> None:
    """Measure, then print one table for each question."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--starts", type=int, default=5, metavar="N", help="rounds from nothing (default 5)")
    options.add_argument("--seedings", type=int, default=3, metavar="N", help="rounds of seeding (default 3)")
    options.add_argument("--pods", type=int, default=3, metavar="N", help="rounds from nothing on pods (default 3)")
    options.add_argument("--previews", type=int, default=9, metavar="N", help="rounds of preview (default 9)")
    chosen = options.parse_args()

    dev = yaml.safe_load((places.ROOT / "Pulumi.dev.yaml").read_text())["config"]["consul-on-pulumi:cluster"]
    subnet = engine.free_subnet()
    settings = dev | {"name": NAME, "platform": {"docker": {"subnet": subnet, "http_port": HTTP, "dns_port": DNS}}}
    topology = Topology(cluster=NAME, datacenter=dev["datacenter"], servers=dev["servers"], clients=dev["clients"])
    traits = DockerPlatform(settings["platform"]["docker"]).traits()
    by_hand = os.environ | {
        "NAME": NAME,
        "SUBNET": subnet.rpartition(".")[0],
        "IMAGE": DEFAULT_IMAGE,
        "HTTP": str(HTTP),
        "DNS": str(DNS),
        "SERVER": json.dumps(agent.document(topology, Role.SERVER, traits, {})),
        "CLIENT": json.dumps(agent.document(topology, Role.CLIENT, traits, {})),
    }
    wanted = kv_tree.entries(dev["seeds"])

    def seeded() -> None:
        present = Consul([f"http://127.0.0.1:{HTTP}"], {}).keys_below("")
        assert {key: stored.seed.text for key, stored in present.items()} == wanted

    def checked(work: Callable[[], object]) -> Callable[[], None]:
        def both() -> None:
            work()
            seeded()

        return both

    with tempfile.TemporaryDirectory(prefix="consul-bench-") as name:
        try:
            cluster, nothing = ours(Path(name) / "ours", settings), empty(Path(name) / "empty")

            def from_nothing() -> None:
                engine.clear(NAME)
                cluster.forget()

            starts: list[Method] = [
                ("pulumi up", checked(cluster.up)),
                ("pulumi up --skip-preview", checked(cluster.up_without_preview)),
                ("shell script", checked(lambda: subprocess.run([BY_HAND], env=by_hand, check=True))),
            ]
            measure(starts, 1, from_nothing)  # Fills every cache.
            started = measure(starts, chosen.starts, from_nothing)
            from_nothing()
            cluster.up()
            nothing.up()
            previews: list[Method] = [
                ("pulumi preview", cluster.preview),
                ("the same, no resources", nothing.preview),
            ]
            measure(previews, 1, lambda: None)
            idle = measure(previews, chosen.previews, lambda: None)
            lines = seeding(cluster, Path(name) / "ours", settings, chosen.seedings)
        finally:
            engine.clear(NAME)
    print(f"From nothing to a leader and every seed, medians of {chosen.starts}:")
    show(started)
    print(f"A preview that finds nothing to change, medians of {chosen.previews}:")
    show(idle)
    print("\n".join(lines))
    if chosen.pods:
        k8s = yaml.safe_load((places.ROOT / "Pulumi.k8s.yaml").read_text())["config"]["consul-on-pulumi:cluster"]
        with on_kubernetes.starts(k8s) as (methods, before):
            measure(methods, 1, before)
            started = measure(methods, chosen.pods, before)
        print(f"From nothing to a leader and every seed in Kubernetes, medians of {chosen.pods}:")
        show(started)


def seeding(cluster: Project, folder: Path, settings: dict[str, Any], rounds: int) -> list[str]:
    """Seed a cluster that is up, change one key, and return lines with the seconds."""
    addresses = [f"http://127.0.0.1:{HTTP + ordinal}" for ordinal in range(settings["servers"])]
    many = [seeds.provider_seconds(addresses, seeds.MANY) for _ in range(rounds)]
    imported = [seeds.import_seconds(f"{NAME}-server-0", addresses, seeds.MANY) for _ in range(rounds)]
    most = [seeds.provider_seconds(addresses, seeds.MOST) for _ in range(rounds)]

    without = [timed(cluster.preview) for _ in range(rounds)]
    before = seeds.state_bytes(cluster)
    seeds.write(folder, seeds.made(seeds.MANY, "bulk"))
    cluster.change({"consul-on-pulumi:cluster": seeds.seeded(settings)})
    cluster.up_without_preview()
    size = (seeds.state_bytes(cluster) - before) / seeds.MANY
    with_keys = [timed(cluster.preview) for _ in range(rounds)]

    idle, changed = [], []
    for number in range(rounds):
        idle.append(timed(cluster.up_without_preview))
        old = seeds.indexes(addresses)
        seeds.write(folder, seeds.made(seeds.MANY, "bulk", changed=number))
        changed.append(timed(cluster.up_without_preview))
        new = seeds.indexes(addresses)
        # The key that the round before changed gets its first value again.
        assert len([key for key in new if new[key] != old[key]]) == (1 if number == 0 else 2)

    faster = median(imported) / median(many)
    return [
        f"Seeding on the stack that is up, medians of {rounds}:",
        line(f"{seeds.MANY:,} keys, provider", median(many), "s", median(many) <= seeds.PROVIDER_AIM),
        line(f"{seeds.MANY:,} keys, consul kv import", median(imported), "s"),
        line("as many times as fast as the import", faster, "", faster >= seeds.IMPORT_AIM),
        line(f"{seeds.MOST:,} keys, provider", median(most), "s", median(most) <= seeds.MOST_AIM),
        line(f"up that changes one of {seeds.MANY:,} keys", median(changed), "s"),
        line(
            "over an up that changes nothing", median(changed) / median(idle), "", median(changed) <= AIM * median(idle)
        ),
        line("state per key", size, "bytes"),
        line(
            f"preview with {seeds.MANY:,} keys over one with none",
            median(with_keys) / median(without),
            "",
            median(with_keys) <= 2 * median(without),
        ),
    ]


def timed(work: Callable[[], object]) -> float:
    """The seconds that some work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def line(what: str, value: float, unit: str, good: bool | None = None) -> str:
    """One figure, and whether it reaches its aim, if it has one."""
    return f"  {what:<44}{value:>8.2f} {unit:<6} {'' if good is None else 'ok' if good else 'MISSED'}"


if __name__ == "__main__":
    main()

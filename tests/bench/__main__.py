"""`make bench`: the time that the program takes, beside the same work done in other ways. Medians count."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from tests.bench import closed, on_docker, on_kubernetes, seeds
from tests.bench.figures import Figures
from tests.bench.on_docker import HTTP, NAME
from tests.bench.project import Project, ours
from tests.e2e import engine
from tests.e2e.cluster import OPEN
from tools import places

AIM = 1.5
"""The highest ratio that is good enough."""

Method = tuple[str, Callable[[], object]]
"""One thing to measure: its name and its function."""


def measure(methods: list[Method], rounds: int, between: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of each method in each round. A round runs all methods, so that all run on the same machine at a time."""
    seconds: dict[str, list[float]] = {name: [] for name, _ in methods}
    for number in range(1, rounds + 1):
        for name, work in methods:
            between()
            seconds[name].append(timed(work))
            print(f"  {number}/{rounds} {name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    return seconds


def show(seconds: dict[str, list[float]], aim: float) -> None:
    """Print the medians, and their ratios to the last method."""
    medians = {name: median(values) for name, values in seconds.items()}
    *_, plain = medians.values()
    for name, value in medians.items():
        ratio = value / plain
        verdict = "" if value is plain else f"{ratio:.2f}  {'ok' if ratio <= aim else f'above {aim}'}"
        spread = f"{min(seconds[name]):.2f} to {max(seconds[name]):.2f}"
        print(f"  {name:<40}{value:>7.2f} s   {spread:<16}  {verdict}")


def main() -> None:
    """Measure, then print one table for each question."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[1, 30], metavar="N", help="clients (default 1 30)")
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds on Docker (default 3)")
    options.add_argument("--previews", type=int, default=3, metavar="N", help="previews in each (default 3)")
    options.add_argument("--seedings", type=int, default=3, metavar="N", help="rounds of seeding (default 3)")
    options.add_argument("--pods", type=int, default=3, metavar="N", help="rounds from nothing on pods (default 3)")
    options.add_argument(
        "--closed", type=int, default=3, metavar="N", help="pairs of a closed and an open cluster (default 3)"
    )
    options.add_argument("--save", type=Path, metavar="FILE", help="write the seconds on Docker as JSON, for a plot")
    chosen = options.parse_args()

    dev = yaml.safe_load((places.ROOT / "Pulumi.dev.yaml").read_text())["config"]["consul-on-pulumi:cluster"]
    # What the other ways make is open, too.
    dev |= OPEN
    figures, lines = Figures(), []
    with tempfile.TemporaryDirectory(prefix="consul-bench-") as folder:
        try:
            for clients in chosen.sizes if chosen.rounds else []:
                on_one_size(figures, Path(folder), dev, clients, chosen)
            if chosen.seedings:
                docker = {"subnet": engine.free_subnet(), "http_port": HTTP}
                settings = dev | {"name": NAME, "platform": {"docker": docker}}
                cluster = ours(Path(folder) / "seeds", settings)
                cluster.up_without_preview()
                lines = seeding(cluster, Path(folder) / "seeds", settings, chosen.seedings)
            if chosen.closed:
                lines = [*closed.lines(Path(folder), dev, chosen.closed), *lines]
        finally:
            engine.clear(NAME)
    print("\n".join(["On Docker, medians:", *figures.lines(), "Aims:", *figures.aims(chosen.sizes), *lines]))
    if chosen.save:
        chosen.save.write_text(json.dumps(figures.saved()))
    if chosen.pods:
        on_pods(chosen.pods)


def on_one_size(figures: Figures, folder: Path, dev: dict[str, Any], clients: int, chosen: argparse.Namespace) -> None:
    """All ways in turn, so that each runs on the same machine at the same time; the first round fills the caches."""
    ways = on_docker.ways(folder, dev, clients)
    for number in range(chosen.rounds + 1):
        kept = figures if number else Figures()
        for way in ways:
            engine.clear(NAME)
            way.forget()
            for operation, work in way.operations.items():
                for _ in range(chosen.previews if operation == "preview" else 1):
                    kept.measure((clients, way.name, operation), work)
                    took = kept.seconds[clients, way.name, operation][-1]
                    print(
                        f"  {number}/{chosen.rounds} 3 + {clients} {way.name}, {operation}: {took:.2f} s",
                        file=sys.stderr,
                    )


def on_pods(rounds: int) -> None:
    """The same from nothing on pods, beside `kubectl apply`, and a roll of all servers."""
    k8s = yaml.safe_load((places.ROOT / "Pulumi.k8s.yaml").read_text())["config"]["consul-on-pulumi:cluster"]
    with on_kubernetes.starts(k8s) as (methods, before, roll):
        measure(methods, 1, before)
        started = measure(methods, rounds, before)
        before()
        rolled = roll()
    print(f"From nothing to a leader and every seed in Kubernetes, medians of {rounds}:")
    show(started, 1.15)
    print(line("roll of 3 servers in pods", rolled, "s", rolled <= on_kubernetes.ROLL_AIM))


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
            median(with_keys) <= seeds.PREVIEW_AIM * median(without),
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

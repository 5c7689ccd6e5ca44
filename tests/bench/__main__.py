"""`make bench`: the time that the program takes, beside the same work done in other ways. Medians count.

On Docker beside a plain Pulumi program and a shell script, on pods beside a plain Pulumi program and `kubectl apply`,
and the time of seeds beside `consul kv import`. All ways run in turn, so that each runs on the same machine at the same
time. `python -m tests.bench docker --sizes 1 --operations preview --rounds 5` measures a single row.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.bench import closed, on_docker, on_kubernetes, seeds
from tests.bench.figures import DOCKER, PODS, Figures
from tests.bench.ways import OPERATIONS
from tests.e2e import engine
from tests.e2e.cluster import OPEN
from tools import places

Part = Callable[[Figures, argparse.Namespace], Iterable[str]]
"""Measures one part and returns the lines that are not among the figures."""


def main() -> None:
    """Measure, then print all figures and whether each aim is reached."""
    options = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=f"of {', '.join(PARTS)}: all")
    options.add_argument("--sizes", type=int, nargs="+", default=[1, 30], metavar="N", help="clients on Docker: 1 30")
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of each part: 3")
    options.add_argument("--previews", type=int, default=3, metavar="N", help="previews in each round: 3")
    options.add_argument("--operations", nargs="+", default=OPERATIONS, metavar="NAME", help=", ".join(OPERATIONS))
    options.add_argument("--ways", nargs="+", metavar="NAME", help="only ways whose names begin with one of these")
    options.add_argument("--cold", action="store_true", help="measure the first round too, which fills the caches")
    options.add_argument("--save", type=Path, metavar="FILE", help="write the seconds as JSON, for a plot")
    chosen = options.parse_args()
    figures = Figures()
    lines: list[str] = []
    for name in chosen.parts or PARTS:
        lines += PARTS[name](figures, chosen)
    if figures.seconds:
        print("\n".join(["Medians:", *figures.lines(), "Aims:", *figures.aims()]))
    print("\n".join(lines))
    if chosen.save:
        chosen.save.write_text(json.dumps(figures.saved()))


def docker(figures: Figures, chosen: argparse.Namespace) -> Iterable[str]:
    """Clusters of all sizes on Docker."""
    with tempfile.TemporaryDirectory(prefix="consul-bench-") as folder:
        made = {clients: on_docker.ways(Path(folder), settings("dev"), clients) for clients in chosen.sizes}
        try:
            # The caches are the same for all sizes.
            rounds = [] if chosen.cold else [(Figures(), chosen.sizes[:1])]
            rounds += [(figures, chosen.sizes)] * chosen.rounds
            for kept, sizes in rounds:
                for clients in sizes:
                    for way in of(made[clients], chosen):
                        engine.clear(on_docker.NAME)
                        way.forget()
                        kept.run(DOCKER, clients, way, chosen.operations, chosen.previews)
        finally:
            engine.clear(on_docker.NAME)
    return []


def pods(figures: Figures, chosen: argparse.Namespace) -> Iterable[str]:
    """The cluster of the stack `k8s` in pods."""
    k8s = settings("k8s")
    with on_kubernetes.ways(k8s) as (made, clear):
        for kept in [*([] if chosen.cold else [Figures()]), *[figures] * chosen.rounds]:
            for way in of(made, chosen):
                clear()
                way.forget()
                kept.run(PODS, k8s["clients"], way, chosen.operations, chosen.previews)
    return []


def seeding(_figures: Figures, chosen: argparse.Namespace) -> Iterable[str]:
    """Many keys."""
    with tempfile.TemporaryDirectory(prefix="consul-bench-") as folder:
        try:
            return seeds.lines(Path(folder) / "seeds", settings("dev"), chosen.rounds)
        finally:
            engine.clear(on_docker.NAME)


def security(_figures: Figures, chosen: argparse.Namespace) -> Iterable[str]:
    """What a closed cluster costs."""
    with tempfile.TemporaryDirectory(prefix="consul-bench-") as folder:
        try:
            return closed.lines(Path(folder), settings("dev"), chosen.rounds)
        finally:
            engine.clear(on_docker.NAME)


def settings(stack: str) -> dict[str, Any]:
    """Those of a stack file of this repository, as an open cluster: what the other ways make is open, too."""
    file = yaml.safe_load((places.ROOT / f"Pulumi.{stack}.yaml").read_text())
    found: dict[str, Any] = file["config"]["consul-on-pulumi:cluster"] | OPEN
    return found


def of(ways: list[Any], chosen: argparse.Namespace) -> list[Any]:
    """The ways that were chosen."""
    return [way for way in ways if not chosen.ways or way.name.startswith(tuple(chosen.ways))]


PARTS: dict[str, Part] = {"docker": docker, "security": security, "seeds": seeding, "pods": pods}

if __name__ == "__main__":
    main()

"""What security costs: from nothing to a leader with every seed, closed over open, one after the other in pairs."""

import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from tests.bench.on_docker import HTTP, NAME
from tests.bench.project import ours
from tests.e2e import engine

AIM = 1.15
"""The highest ratio that is good enough."""
SECURITY: Mapping[str, dict[str, Any]] = {"open": {"enabled": False}, "closed": {}}


def lines(folder: Path, dev: Mapping[str, Any], pairs: int) -> list[str]:
    """One figure. A machine that is slower for a while slows down both of a pair; which comes first alternates."""
    docker = {"subnet": engine.free_subnet(), "http_port": HTTP}
    settings = {**dev, "name": NAME, "platform": {"docker": docker}}
    projects = {name: ours(folder / name, {**settings, "security": own}) for name, own in SECURITY.items()}
    ratios = []
    for number in range(pairs + 1):
        seconds = {}
        for name in sorted(projects, reverse=bool(number % 2)):
            engine.clear(NAME)
            projects[name].forget()
            began = monotonic()
            projects[name].up_without_preview()
            seconds[name] = monotonic() - began
        print(f"  {number}/{pairs} closed {seconds['closed']:.2f} s, open {seconds['open']:.2f} s", file=sys.stderr)
        # The first pair fills the caches.
        ratios += [seconds["closed"] / seconds["open"]] if number else []
    value = median(ratios)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    verdict = "ok" if value <= AIM else "MISSED"
    return [
        f"  {'from nothing, closed over open':<52}{value:>7.2f}    aim {AIM:<6} {verdict}  ({pairs} pairs, {spread})"
    ]

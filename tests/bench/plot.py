"""`python -m tests.bench.plot FIGURES.json docs/bench.svg`: draws what `python -m tests.bench --save` wrote."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.figures import DOCKER
from tests.bench.ways import DESTROY, OURS, PLAIN, PREVIEW, SHELL, UP

OPERATIONS = (UP, PREVIEW, DESTROY)
COLOURS = {OURS: "#c62a71", PLAIN: "#4d5bd9", SHELL: "#767676"}
WIDTH, HEIGHT, LEFT, TOP = 300, 220, 45, 40
"""Of one panel and of its margins, in pixels."""


def main(source: str, target: str) -> None:
    """Write the drawing."""
    Path(target).write_text("\n".join(drawing(json.loads(Path(source).read_text()))) + "\n")


def drawing(found: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of an SVG with one panel for each operation: seconds over the number of clients."""
    width, height = len(OPERATIONS) * (WIDTH + LEFT), HEIGHT + 2 * TOP
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
    yield ' font-size="12">'
    yield f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    for number, operation in enumerate(OPERATIONS):
        yield f'<g transform="translate({LEFT + number * (WIDTH + LEFT)} {TOP})">'
        yield from _panel(operation, [one for one in found if (one["place"], one["operation"]) == (DOCKER, operation)])
        yield "</g>"
    for number, (way, colour) in enumerate(COLOURS.items()):
        yield f'<text x="{LEFT + number * 170}" y="{height - 8}" fill="{colour}">{way}</text>'
    yield "</svg>"


def _panel(operation: str, found: list[dict[str, Any]]) -> Iterator[str]:
    most = max(one["clients"] for one in found)
    longest = max(median(one["seconds"]) for one in found)
    yield f'<text x="0" y="-12" font-weight="bold">{operation}, seconds over clients (3 servers)</text>'
    yield f'<path d="M0 0V{HEIGHT}H{WIDTH - 20}" fill="none" stroke="#444444"/>'
    for value in (0, longest / 2, longest):
        yield f'<text x="-6" y="{_y(value, longest) + 4:.0f}" text-anchor="end">{value:.0f}</text>'
    for clients in sorted({one["clients"] for one in found}):
        yield f'<text x="{_x(clients, most):.0f}" y="{HEIGHT + 16}" text-anchor="middle">{clients}</text>'
    for way, colour in COLOURS.items():
        points = sorted((one["clients"], median(one["seconds"])) for one in found if one["way"] == way)
        yield from _line([(_x(clients, most), _y(seconds, longest)) for clients, seconds in points], colour)


def _line(points: list[tuple[float, float]], colour: str) -> Iterable[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)


def _x(clients: int, most: int) -> float:
    return clients / most * (WIDTH - 40)


def _y(seconds: float, longest: float) -> float:
    return HEIGHT - seconds / longest * HEIGHT


if __name__ == "__main__":
    main(*sys.argv[1:3])

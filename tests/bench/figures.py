"""The measured seconds, their medians and ratios, and the aims."""

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import Any, NamedTuple

from tests.bench.ways import (
    ADDED,
    DESTROY,
    KUBECTL,
    MORE,
    OPERATIONS,
    OURS,
    PLAIN,
    PREVIEW,
    ROLL,
    SHELL,
    UP,
    Operation,
    Way,
)

DOCKER, PODS = "Docker", "pods"


class Key(NamedTuple):
    """What was measured."""

    place: str
    clients: int
    way: str
    operation: str


@dataclass
class Figures:
    """All seconds of one run, and the load of the machine while they were measured."""

    seconds: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    loads: list[float] = field(default_factory=list)

    def run(self, place: str, clients: int, way: Way, wanted: Sequence[str], previews: int) -> None:
        """All operations of one way in their order. What is made must be there and must go, wanted or not."""
        for name in OPERATIONS:
            if name in way.operations and name in (UP, DESTROY, *wanted):
                for _ in range(previews if name == PREVIEW else 1):
                    self._measure(Key(place, clients, way.name, name), way.operations[name])

    def _measure(self, key: Key, work: Operation) -> None:
        self.loads.append(os.getloadavg()[0])
        began = monotonic()
        work()
        self.seconds[key].append(monotonic() - began)
        print(
            f"  {key.place} 3 + {key.clients} {key.way}, {key.operation}: {self.seconds[key][-1]:.2f} s",
            file=sys.stderr,
        )

    def over(self, above: Key, below: Key) -> float | None:
        """The ratio of two medians, if both were measured."""
        one, other = self._median(above), self._median(below)
        return one / other if one and other else None

    def lines(self) -> Iterable[str]:
        """One line for each figure, with its ratio to the same in other ways."""
        yield f"Load of the machine: {min(self.loads):.1f} to {max(self.loads):.1f} ({os.cpu_count()} processors)"
        for key, found in sorted(self.seconds.items(), key=_order):
            ratios = ""
            for other in (PLAIN, SHELL, KUBECTL):
                ratio = self.over(key, key._replace(way=other)) if key.way == OURS else None
                ratios += f"  {ratio:.2f} of the {other}" if ratio else ""
            spread = f"{min(found):.2f} to {max(found):.2f}"
            yield (
                f"  {key.place:<7} 3 + {key.clients:<4}{key.operation:<20}{key.way:<22}"
                f"{median(found):>7.2f} s   {spread:<16}{ratios}"
            )

    def aims(self) -> Iterable[str]:
        """Whether each aim is reached that was measured."""
        sizes = sorted({key.clients for key in self.seconds if key.place == DOCKER})
        if sizes:
            yield from self._aims_on_docker(sizes[0], sizes[-1])
        for clients in {key.clients for key in self.seconds if key.place == PODS}:
            ours = Key(PODS, clients, OURS, UP)
            yield from aim("pods: from nothing, over kubectl apply", self.over(ours, ours._replace(way=KUBECTL)), 1.15)
            yield from aim("pods: roll of 3 servers", self._median(ours._replace(operation=ROLL)), 35, "s")

    def _aims_on_docker(self, small: int, large: int) -> Iterable[str]:
        def over(operation: str, way: str) -> float | None:
            ours = Key(DOCKER, small, OURS, operation)
            return self.over(ours, ours._replace(way=way))

        yield from aim("from nothing, over the plain program", over(UP, PLAIN), 0.55)
        yield from aim("from nothing, over the shell script", over(UP, SHELL), 2.2)
        yield from aim("preview without a change, over the plain program's", over(PREVIEW, PLAIN), 1.25)
        few, many = (self._median(Key(DOCKER, size, OURS, PREVIEW)) for size in (small, large))
        if large > small and few and many:
            yield from aim("the same, each further client", (many - few) / (large - small), 0.04, "s")
        yield from aim(f"up with {MORE}, over the shell script", over(MORE, SHELL), 1.3)
        yield from aim("destroy, over the plain program", over(DESTROY, PLAIN), 1.2)
        added = ADDED if self._median(Key(DOCKER, small, OURS, MORE)) else 0
        if not added:
            yield from aim(f"destroy 3 + {small}", self._median(Key(DOCKER, small, OURS, DESTROY)), 8, "s")
        if large > small:
            yield from aim(f"destroy 3 + {large + added}", self._median(Key(DOCKER, large, OURS, DESTROY)), 15, "s")
        yield from aim("roll of 3 servers", self._median(Key(DOCKER, small, OURS, ROLL)), 12, "s")

    def _median(self, key: Key) -> float | None:
        found = self.seconds.get(key)
        return median(found) if found else None

    def saved(self) -> list[dict[str, Any]]:
        """As JSON."""
        return [{**key._asdict(), "seconds": found} for key, found in self.seconds.items()]


def aim(what: str, value: float | None, most: float, unit: str = "") -> Iterable[str]:
    """One line for an aim whose figure was measured."""
    if value is not None:
        yield f"  {what:<52}{value:>7.2f} {unit:<2} aim {most:<6} {'ok' if value <= most else 'MISSED'}"


def _order(measured: tuple[Key, list[float]]) -> tuple[str, int, int]:
    key, _ = measured
    return key.place, key.clients, OPERATIONS.index(key.operation)

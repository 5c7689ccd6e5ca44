"""The measured seconds, their medians and ratios, and the aims."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import Any

from tests.bench.on_docker import ADDED, OURS, PLAIN, SHELL

Key = tuple[int, str, str]
"""Number of clients, the way, the operation."""


@dataclass
class Figures:
    """All seconds of one run, and the load of the machine while they were measured."""

    seconds: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    loads: list[float] = field(default_factory=list)

    def measure(self, key: Key, work: Callable[[], object]) -> None:
        """Do the work and keep its seconds."""
        self.loads.append(os.getloadavg()[0])
        began = monotonic()
        work()
        self.seconds[key].append(monotonic() - began)

    def median(self, clients: int, way: str, operation: str) -> float | None:
        """The median of what was measured, if it was."""
        found = self.seconds.get((clients, way, operation))
        return median(found) if found else None

    def over(self, above: Key, below: Key) -> float | None:
        """The ratio of two medians, if both were measured."""
        one, other = self.median(*above), self.median(*below)
        return one / other if one and other else None

    def lines(self) -> Iterable[str]:
        """One line for each figure, with its ratio to the plain program and to the script."""
        if self.loads:
            yield f"Load of the machine: {min(self.loads):.1f} to {max(self.loads):.1f} ({os.cpu_count()} processors)"
        for (clients, way, operation), found in self.seconds.items():
            ratios = ""
            for other in (PLAIN, SHELL):
                ratio = self.over((clients, way, operation), (clients, other, operation))
                ratios += f"  {ratio:.2f} of the {other}" if ratio and way == OURS else ""
            spread = f"{min(found):.2f} to {max(found):.2f}"
            yield f"  3 + {clients:<4}{operation:<22}{way:<22}{median(found):>7.2f} s   {spread:<16}{ratios}"

    def aims(self, sizes: list[int]) -> Iterable[str]:
        """Whether each aim is reached. The first size is the smallest."""
        small, large = sizes[0], sizes[-1]
        yield from _aim("from nothing, over the plain program", self._same(small, "up", PLAIN), 0.55)
        yield from _aim("from nothing, over the shell script", self._same(small, "up", SHELL), 2.2)
        yield from _aim("preview without a change, over the plain program's", self._same(small, "preview", PLAIN), 1.25)
        previews = [self.median(size, OURS, "preview") for size in (small, large)]
        if large > small and previews[0] and previews[1]:
            yield from _aim("the same, each further client", (previews[1] - previews[0]) / (large - small), 0.04, "s")
        more = f"{ADDED} clients more"
        yield from _aim(f"up with {more}, over the shell script", self._same(small, more, SHELL), 1.3)
        yield from _aim("destroy, over the plain program", self._same(small, "destroy", PLAIN), 1.2)
        if large > small:
            yield from _aim(f"destroy 3 + {large + ADDED}", self.median(large, OURS, "destroy"), 15, "s")
        yield from _aim("roll of 3 servers", self.median(small, OURS, "roll"), 12, "s")

    def _same(self, clients: int, operation: str, other: str) -> float | None:
        return self.over((clients, OURS, operation), (clients, other, operation))

    def saved(self) -> list[dict[str, Any]]:
        """As JSON."""
        return [
            {"clients": clients, "way": way, "operation": operation, "seconds": found}
            for (clients, way, operation), found in self.seconds.items()
        ]


def _aim(what: str, value: float | None, aim: float, unit: str = "") -> Iterable[str]:
    if value is not None:
        yield f"  {what:<52}{value:>7.2f} {unit:<2} aim {aim:<6} {'ok' if value <= aim else 'MISSED'}"

"""Whose turn it is in a roll: what the gate before a server and the seat behind it both have to know."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypedDict

import pulumi

from components.desired import rollout
from components.desired.rollout import View
from components.live.servers import Servers

PATIENCE = 60.0
"""Seconds until a server that does not become healthy stops the roll."""
PATIENCE_LEADERLESS = 15.0
"""Seconds for an election; without a leader after it nothing is served that a stopped server could interrupt."""

Properties = dict[str, Any]
"""A Turn as a provider receives it, with `revision`."""


class Turn(TypedDict):
    """One server among all of its cluster."""

    server: str
    """Node name of the server whose turn it is."""
    names: Sequence[str]
    """Node names of all servers, in the order of the roll."""
    addresses: Sequence[pulumi.Input[str]]
    """Base URL of each server's own HTTP API, in the same order."""
    definition: pulumi.Input[str]
    """Digest of everything that the server is made of."""


class RollStoppedError(Exception):
    """The roll ends here, with the quorum as it was; says which server is the reason and what to do."""


def servers(props: Properties) -> Servers:
    """All servers that the turn is taken among."""
    return Servers(props["names"], props["addresses"])


def relied_on(among: Servers, needed: Callable[[View], Iterable[str]]) -> tuple[View | None, str]:
    """Wait until all `needed` servers vote and have caught up with what was committed when a leader was first seen.

    Returns the view that shows it, or None when patience runs out, and what hindered at the last look.
    """
    index = 0
    hindered: list[str] = []

    def settled(view: View) -> bool:
        nonlocal index, hindered
        if view.leader is None:
            hindered = ["no server leads"]
            return False
        index = index or view.seen[view.leader].commit
        hindered = [reason for name in needed(view) if (reason := rollout.hindrance(name, view, index))]
        return not hindered

    return among.until(settled, PATIENCE), "; ".join(hindered)

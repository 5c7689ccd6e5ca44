"""What a probe is, and what a stranger has."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

CERTIFICATES = ("client", "expired", "of another authority")
"""What a stranger may have got hold of, each a PEM with a certificate and its key."""

PATIENCE = 45.0
"""Seconds in which an open cluster lets anything succeed."""


class Stranger(Protocol):
    """Somebody in the network of a cluster, without credentials, with the `consul` command."""

    cluster: str
    """The name of the cluster."""
    servers: list[str]
    """The address of each server."""
    gossip_key: str
    """The generated one; empty in an open cluster."""
    stolen: dict[str, str]
    """Certificates by CERTIFICATES; empty in an open cluster."""

    def sh(self, script: str) -> str:
        """What a shell script prints there."""

    def inside(self, script: str) -> str:
        """What a shell script prints in the container of the first server, as its user."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that somebody tries."""

    who: str
    tries: str
    stops: str
    """What stops it."""
    succeeds: Callable[[], bool]
    left: str = ""
    """Why it is not stopped, where it is not."""
    always: bool = False
    """Whether an open cluster withstands it too, or has nothing to find."""


@dataclass(slots=True)
class Outcome:
    """What came of the probes on one cluster."""

    probes: list[Probe] = field(default_factory=list)
    succeeded: set[str] = field(default_factory=set)

    @property
    def withstood(self) -> int:
        """How many did not succeed."""
        return len(self.probes) - len(self.succeeded)

    def unexpected(self, *, is_closed: bool) -> list[str]:
        """What succeeded in a closed cluster and should not have, or the other way round; in an open one what should
        have succeeded and did not."""
        return [
            probe.tries
            for probe in self.probes
            if (
                (probe.tries in self.succeeded) != bool(probe.left)
                if is_closed
                else not probe.always and probe.tries not in self.succeeded
            )
        ]


def run(probes: Iterable[Probe], *, is_closed: bool) -> Outcome:
    """Try all of them, in order. An open cluster gets time to let each succeed: an agent that joined becomes a peer
    some seconds later, and only then metrics are counted."""
    done = Outcome()
    for probe in probes:
        assert probe.tries not in {one.tries for one in done.probes}, probe.tries
        done.probes.append(probe)
        if until(probe.succeeds, 0 if is_closed or probe.always else PATIENCE):
            done.succeeded.add(probe.tries)
    return done


def until(found: Callable[[], bool], seconds: float) -> bool:
    """Whether it is found now or within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (seen := found()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return seen

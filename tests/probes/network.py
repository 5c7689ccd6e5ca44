"""What a stranger in the network of a cluster tries, on either platform."""

from collections.abc import Iterator

from tests.probes import commands, joining, wire
from tests.probes.probe import Probe, Stranger


def probes(stranger: Stranger) -> Iterator[Probe]:
    """In this order: an open cluster does not survive the commands."""
    began = joining.start(stranger)
    yield from wire.probes(stranger)
    yield from joining.probes(stranger)
    yield from commands.probes(stranger)
    yield from joining.later(stranger, began)

"""Where somebody looks for what was generated."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.probes.probe import Probe

Places = Mapping[str, tuple[str, Callable[[], str]]]
"""Who looks where, to what keeps it away and the text that is there."""


def probes(secrets: Sequence[str], places: Places) -> Iterator[Probe]:
    """One for each place."""
    for place, (stops, read) in places.items():
        who, _, where = place.partition(": ")
        yield Probe(
            who,
            f"finds a secret in {where}",
            stops,
            lambda read=read: bool(visible(secrets, read())),  # type: ignore[misc]
            always=True,
        )


def visible(secrets: Sequence[str], text: str) -> list[str]:
    """The secrets that are in a text, as they are or in base64."""
    return [one for one in secrets if one in text or base64.b64encode(one.encode()).decode() in text]

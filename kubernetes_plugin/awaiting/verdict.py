"""What a look at an object says about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Ready, not yet, or never."""

    ready: bool
    message: str = ""
    """What is still to come, or what went wrong."""
    final: bool = False
    """It will not become ready any more."""


READY = Verdict(True)


def waiting(message: str) -> Verdict:
    """Not yet."""
    return Verdict(False, message)


def failed(message: str) -> Verdict:
    """Never."""
    return Verdict(False, message, final=True)

"""What a step reports: a tool, its version, where it is and how it came there."""

from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """How a tool came to be there."""

    INSTALLED = "installed"
    DOWNLOADED = "downloaded"
    BUILT = "built"
    MISSING = "missing"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Found:
    """One tool, for the engine's environment and for the table of ``doctor``."""

    tool: str
    version: str
    path: str
    origin: Origin
    advice: str = ""

    @property
    def present(self) -> bool:
        """Whether it can be used."""
        return self.origin is not Origin.MISSING

    def summary(self) -> str:
        """The closing words of its step."""
        return f"{self.version} ({self.origin}) {self.path}".replace("  ", " ").strip()


def missing(tool: str, advice: str = "run `make setup`") -> Found:
    """A tool that is not there."""
    return Found(tool, "-", "-", Origin.MISSING, advice)

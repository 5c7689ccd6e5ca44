"""What a set-up step reports: the tool that it found, or the error that stops it."""

from dataclasses import dataclass
from enum import StrEnum


class SetupError(Exception):
    """One sentence for the user: what is wrong, and what to do about it."""


class Origin(StrEnum):
    """Where a tool comes from."""

    INSTALLED = "installed"
    DOWNLOADED = "downloaded"
    BUILT = "built"
    MISSING = "missing"
    STOPPED = "stopped"
    ON_DEMAND = "on demand"


@dataclass(frozen=True)
class Found:
    """One tool, as `doctor` prints it."""

    tool: str
    version: str
    path: str
    origin: Origin
    advice: str = ""

    @property
    def present(self) -> bool:
        """Whether the tool can be used."""
        return self.origin is not Origin.MISSING

    def summary(self) -> str:
        """The rest of the line that ends a step."""
        return f"{self.version} ({self.origin}) {self.path}".replace("  ", " ").strip()


def missing(tool: str, advice: str = "run `make setup`") -> Found:
    """A tool that was not found."""
    return Found(tool, "-", "-", Origin.MISSING, advice)

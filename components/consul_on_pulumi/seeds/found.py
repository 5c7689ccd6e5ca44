"""What a source holds."""

from dataclasses import dataclass

from consul_on_pulumi.model.seed import Seed


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found, as messages name it."""

    setting: str
    """The setting of the seed set that names the source: `folder`."""
    file: str | None = None
    """The file, relative to the program's folder."""

    def __str__(self) -> str:
        return f"{self.setting}: {self.file}" if self.file else self.setting


@dataclass(frozen=True, slots=True)
class Found:
    """One entry."""

    place: Place
    key: str
    """Below the prefix of the set."""
    seed: Seed | None = None
    """None for a secret."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a source holds but what cannot be seeded."""

    place: Place
    text: str
    """What is wrong and the fix."""
    key: str | None = None
    """The key that it is about, below the prefix of the set; None where it is about the place as a whole."""

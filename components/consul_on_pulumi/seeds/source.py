"""The results of reading a source of KV entries: entries and problems, each with its source."""

from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.model import kv_tree
from consul_on_pulumi.model.seed import Seed


@dataclass(frozen=True, slots=True)
class Source:
    """A source of entries, as messages name it."""

    setting: str
    """The setting of the seed set that names the source: `folder`."""
    file: str | None = None
    """The file, relative to the program's folder."""

    def __str__(self) -> str:
        return f"{self.setting}: {self.file}" if self.file else self.setting


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry."""

    source: Source
    key: str
    """Below the prefix of the set."""
    seed: Seed | None = None
    """None for a secret."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a source that cannot be stored."""

    source: Source
    text: str
    """The problem and the fix."""
    key: str | None = None
    """The key with the problem, below the prefix of the set; None if the whole source has it."""


def plain(source: Source, key: str, value: Any, max_value: int) -> Entry | Problem:
    """An entry with a value of the settings or of a document, or why it cannot be stored; `max_value` is in bytes."""
    if problem := kv_tree.value_problem(value, max_value):
        return Problem(source, problem, key)
    return Entry(source, key, Seed(kv_tree.as_text(value).encode()))

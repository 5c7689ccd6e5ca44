"""The table in formats.json: what each release of Consul reads and stores. `make consul-formats` makes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from consul_on_pulumi.releases.release import Release, minor, parse, text


@dataclass(frozen=True, slots=True)
class Message:
    """A type of entries in the Raft log and in snapshots."""

    name: str
    number: int
    since: Release
    """The first release that knows it. An older one does not start with such an entry: "Unrecognized msg type"."""


@dataclass(frozen=True, slots=True)
class Formats:
    """What the releases from the oldest to the newest read and store."""

    releases: tuple[Release, ...]
    """Those that the table was made from, the oldest first."""
    types: Mapping[str, Mapping[str, str]]
    """The keys of each map of the agent configuration, beginning with `Config`, in any release. The value of a key is
    `text`, `flag`, `number`, `any` or the name of a map, after `[]` for a list and `{}` for a map of them."""
    since: Mapping[str, Release]
    """A key as `MAP.KEY` that the first releases do not know, and the first one that does."""
    until: Mapping[str, Release]
    """A key that the last releases do not know, and the first one that does not."""
    successors: Mapping[str, str]
    """A deprecated key by its whole path, and the key to use instead; empty where Consul ignores it."""
    messages: tuple[Message, ...]
    """The types of entries that the first release does not know."""

    def missing(self, key: str, release: Release | None) -> str:
        """Which releases have this key, given as `MAP.KEY`, if `release` has it not; else an empty text.

        Not every release is in the table. One between two that are has what either of them has.
        """
        if release is None:
            return ""
        if (since := self.since.get(key)) and release < since and release <= self._before(since):
            return f"Consul {minor(since) if since[2] == 0 else text(since)} or newer"
        if (until := self.until.get(key)) and release >= until:
            return f"Consul {text(self._before(until))} or older"
        return ""

    def covers(self, release: Release) -> bool:
        """Whether the table says all about this release: it is not older than the first, and of no newer minor one."""
        return self.releases[0] <= release and release[:2] <= self.releases[-1][:2]

    def _before(self, release: Release) -> Release:
        return self.releases[self.releases.index(release) - 1]


@cache
def formats() -> Formats:
    """The table, read once."""
    table = json.loads(files(__package__).joinpath("formats.json").read_text(encoding="utf-8"))
    return Formats(
        releases=tuple(map(_release, table["releases"])),
        types=table["types"],
        since={key: _release(first) for key, first in table["since"].items()},
        until={key: _release(first) for key, first in table["until"].items()},
        successors=table["successors"],
        messages=tuple(Message(name, one["number"], _release(one["since"])) for name, one in table["messages"].items()),
    )


def _release(written: str) -> Release:
    found = parse(written)
    if found is None:
        raise ValueError(f"formats.json: {written!r} is no release")
    return found

"""One entry to store in the KV store."""

from dataclasses import dataclass

MAX_FLAGS = 2**64 - 1
"""Consul keeps them as an unsigned 64-bit number (Consul docs, api-docs/kv)."""


@dataclass(frozen=True, slots=True)
class Seed:
    """The value and the flags of one key."""

    value: bytes
    flags: int = 0
    """A number for the application's own use, up to MAX_FLAGS."""

    @property
    def text(self) -> str | None:
        """The value as text, or None if it is not UTF-8 or has control characters."""
        try:
            text = self.value.decode()
        except UnicodeDecodeError:
            return None
        return text if all(char.isprintable() or char in "\n\r\t" for char in text) else None


Seeds = dict[str, Seed]
"""Full key to its entry."""

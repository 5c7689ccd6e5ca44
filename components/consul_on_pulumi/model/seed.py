"""One entry of the KV store as it is to be stored."""

from dataclasses import dataclass

MAX_FLAGS = 2**64 - 1
"""Consul keeps them as an unsigned 64-bit number (Consul docs, api-docs/kv)."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What lies under one key."""

    value: bytes
    flags: int = 0
    """An opaque number for the application's own use, up to MAX_FLAGS."""

    @property
    def text(self) -> str | None:
        """The value as text, or None where it is none that a person could read."""
        try:
            text = self.value.decode()
        except UnicodeDecodeError:
            return None
        return text if all(sign.isprintable() or sign in "\n\r\t" for sign in text) else None


Seeds = dict[str, Seed]
"""Full key to what is to lie under it."""

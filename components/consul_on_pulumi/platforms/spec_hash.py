"""What an agent is made of, in one short word."""

import hashlib
from typing import Any

import pulumi

LENGTH = 16
"""Hexadecimal digits; enough to tell any two descriptions of one cluster apart."""


def digest(spec: dict[str, Any]) -> pulumi.Output[str]:
    """A digest of everything that an agent's container or pod is given: another one means another container or pod."""
    return pulumi.Output.json_dumps(spec, sort_keys=True).apply(digest_of)


def digest_of(text: str) -> str:
    """The digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]

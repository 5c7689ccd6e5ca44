"""The properties that hold a set of seeds in a stack's state, so that a preview of it is readable.

Text is stored as it is. A binary value is stored with its size and digest, which a preview shows, and with its content,
which the caller marks as secret. Secret values have their own map, so that their keys stay readable. All maps except
`entries` are optional.
"""

import base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from consul_on_pulumi.model.seed import Seed, Seeds

ENTRIES, BINARY, SECRETS, FLAGS = PARTS = ("entries", "binary", "secrets", "flags")

Properties = dict[str, Any]
"""`entries`: key to text. `binary`: key to `bytes`, `sha256` and `content` (base64). `secrets`: key to text. `flags`:
key to a decimal number as text, since a state's own numbers are too small for it; without those that are 0."""


def to_props(seeds: Seeds, secrets: Mapping[str, str] | None = None) -> Properties:
    """The properties for `seeds`, with the texts in `secrets` as secret values; empty maps are left out."""
    hidden = secrets or {}
    plain = {key: seed for key, seed in seeds.items() if key not in hidden}
    flags = {key: str(seed.flags) for key, seed in seeds.items() if seed.flags}
    binary = {key: seed.value for key, seed in plain.items() if seed.text is None}
    parts = {
        BINARY: {
            key: {"bytes": len(value), "sha256": sha256(value).hexdigest(), "content": base64.b64encode(value).decode()}
            for key, value in binary.items()
        },
        SECRETS: dict(hidden),
        FLAGS: flags,
    }
    return {
        ENTRIES: {key: text for key, seed in plain.items() if (text := seed.text) is not None},
        **{name: part for name, part in parts.items() if part},
    }


def seeds_of(props: Mapping[str, Any]) -> Seeds:
    """All entries in `props` by key. Raises ValueError if a value is not known yet."""
    values: dict[str, bytes] = {}
    for key, text in (props.get(ENTRIES, {}) | props.get(SECRETS, {})).items():
        values[key] = _known(text).encode()
    for key, binary in props.get(BINARY, {}).items():
        values[key] = base64.b64decode(_known(binary["content"]))
    flags = props.get(FLAGS, {})
    return {key: Seed(value, int(flags.get(key, 0))) for key, value in values.items()}


def without_unknown(props: Mapping[str, Any]) -> Properties:
    """The properties without the values that are not known yet, in a preview."""
    known = {
        part: {key: text for key, text in props[part].items() if isinstance(text, str)}
        for part in (ENTRIES, SECRETS)
        if props.get(part)
    }
    return {**props, **known}


def keys(props: Mapping[str, Any]) -> set[str]:
    """All keys in `props`, also those with values that are not known yet."""
    return {key for part in (ENTRIES, BINARY, SECRETS) for key in props.get(part) or {}}


def _known(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError(f"expected text, got {type(text).__name__}")
    return text

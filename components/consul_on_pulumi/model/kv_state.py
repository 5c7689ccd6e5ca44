"""How a set of seeds is written into a stack's state, so that a preview of it can be read.

Text is shown as it is. What is no text is shown by its size and digest; its content is there too, for whoever
compares, but meant to be marked as a secret. A secret value lies apart, under its key, so that its key can still be
read. A state of the first version holds `entries` alone, and is understood as it is.
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


def shown(seeds: Seeds, secrets: Mapping[str, str] | None = None) -> Properties:
    """`seeds`, but those under the keys of `secrets`, which are text; a part without any is left out."""
    hidden = secrets or {}
    plain = {key: seed for key, seed in seeds.items() if key not in hidden}
    flags = {key: str(seed.flags) for key, seed in seeds.items() if seed.flags}
    parts = {
        BINARY: {key: _digested(seed.value) for key, seed in plain.items() if seed.text is None},
        SECRETS: dict(hidden),
        FLAGS: flags,
    }
    return {
        ENTRIES: {key: text for key, seed in plain.items() if (text := seed.text) is not None},
        **{name: part for name, part in parts.items() if part},
    }


def held(props: Mapping[str, Any]) -> Seeds:
    """Everything in `props` under its key, whatever part it is in. Raises ValueError where a value is not known yet."""
    values: dict[str, bytes] = {}
    for key, text in (props.get(ENTRIES, {}) | props.get(SECRETS, {})).items():
        values[key] = _known(text).encode()
    for key, digested in props.get(BINARY, {}).items():
        values[key] = base64.b64decode(_known(digested["content"]))
    flags = props.get(FLAGS, {})
    return {key: Seed(value, int(flags.get(key, 0))) for key, value in values.items()}


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both hold the same seeds."""
    return all(one.get(part, {}) == other.get(part, {}) for part in PARTS)


def _digested(value: bytes) -> dict[str, Any]:
    return {
        "bytes": len(value),
        "sha256": sha256(value).hexdigest(),
        "content": base64.b64encode(value).decode(),
    }


def _known(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError(f"expected text, got {type(text).__name__}")
    return text

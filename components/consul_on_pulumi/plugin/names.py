"""How the schema spells settings and outputs: `http_port` is `httpPort`, as Pulumi's SDKs expect."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from consul_on_pulumi.schema.definition import Kind, keys_of


def camel(name: str) -> str:
    """`agent_config` gives `agentConfig`."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def in_camel(text: str, names: Iterable[str]) -> str:
    """A text in Markdown with the names in backticks as the schema spells them."""
    known = set(names)
    return re.sub(r"`([a-z0-9_]+)`", lambda match: f"`{camel(match[1])}`" if match[1] in known else match[0], text)


def to_settings(args: Any, shape: Any) -> Any:
    """Arguments with the names that the settings have. Other names stay as they are, and the check refuses them."""
    if not isinstance(args, Mapping):
        return args
    keys = {camel(name): key for name, key in keys_of(shape).items()}
    return {
        (keys[name].name if name in keys else name): _named(value, keys[name].kind) if name in keys else value
        for name, value in args.items()
    }


def _named(value: Any, kind: Kind) -> Any:
    if kind.shape:
        return to_settings(value, kind.shape)
    if kind.inner and isinstance(value, Mapping):
        return {name: _named(one, kind.inner) for name, one in value.items()}
    if kind.inner and isinstance(value, list):
        return [_named(one, kind.inner) for one in value]
    return value

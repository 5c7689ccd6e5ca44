"""The page of all settings, docs/settings.md, made from their definitions."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from consul_on_pulumi.schema.definition import WORDS, Key, Kind, keys_of
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from consul_on_pulumi.settings.tier_args import ConsulClientArgs, ConsulServerArgs

from tools.docs import agent_documents

DOCS = Path(__file__).parents[2] / "docs"
PATH = DOCS / "settings.md"
SCHEMA = DOCS / "stack-file.schema.json"
WIDTH = 120
EMPTY = '""'
HEAD = """\
# Settings

`make docs` generates this page and [stack-file.schema.json](stack-file.schema.json) from the definitions in the code.

A stack file has the arguments of `ConsulCluster` in YAML, under `<project>:cluster`. In a program the same arguments
are a Python dictionary. A value that its range does not allow, an unknown setting and a wrong type are refused in a
preview, all at once.

In a program, a setting whose column *Input* says `yes` may be an output of another resource, and with `values` each
value in it, at any depth. Such a value is unknown in a preview as long as nobody knows it, and is checked as soon as it
is known. A secret one stays secret; in agent configuration it is refused, since that is readable on every agent. All
other settings must be known in a preview, because the program itself decides by them.

*Rolls* means that agents are replaced as in [Rollouts](operations.md#rollouts): servers one at a time. A *tier* is the
servers or the clients.

For completion and checks in an editor, put this line on top of a stack file:

```yaml
# yaml-language-server: $schema=docs/stack-file.schema.json
```

These settings are beside `cluster`, since they are encrypted:

| setting | meaning |
|---|---|
| `seed_secrets.SET.KEY` | A secret value of a seed set: \
`pulumi config set --secret --path seed_secrets.app.db.password`. |
| `agent_secrets["FILE"]`, `server_secrets["FILE"]`, `client_secrets["FILE"]` | \
A file that only agents read, such as a gossip key, tokens or a private key: \
see [operations](operations.md#secret-files-of-agents). |
| `security_secrets["NAME"]` | An authority, a gossip key, tokens or certificates that you have already: \
see [security](security.md). |
| `token` | The ACL token with which the program asks Consul: `pulumi config set --secret token …`. Without it the \
variables of Consul's own commands count (`CONSUL_HTTP_TOKEN`, `CONSUL_HTTP_TOKEN_FILE`). |
"""
TIERS = """\
## The tiers alone

In a program of your own, `ConsulServer` and `ConsulClient` use an existing network or namespace:
`platform.docker.network` or `platform.kubernetes.namespace` is required there.
"""


def sections(shape: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The path and the TypedDict of these settings, then of every map of settings below them."""
    yield path, shape
    for name, key in keys_of(shape).items():
        if key.kind.shape:
            yield from sections(key.kind.shape, f"{path}.{name}")
        elif key.kind.inner and key.kind.inner.shape:
            yield from sections(key.kind.inner.shape, f"{path}.{name}.NAME")


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for path, shape in sections(ConsulClusterArgs, "cluster"):
        about = textwrap.fill(" ".join((shape.__doc__ or "").split()), WIDTH, break_on_hyphens=False)
        parts.append(f"## `{path}`\n\n{about}\n\n{_table(shape, path)}")
    parts += [*agent_documents.described(), TIERS]
    parts += [f"### `{shape.__name__.removesuffix('Args')}`\n\n{_table(shape)}" for shape in _TIERS]
    return "\n\n".join(part.strip() for part in parts) + "\n"


_TIERS = (ConsulServerArgs, ConsulClientArgs)


def _table(shape: Any, path: str = "") -> str:
    rows = "\n".join(_row(key, path) for key in keys_of(shape).values())
    return f"| setting | type | Input | default | range | meaning | a change |\n|---|---|---|---|---|---|---|\n{rows}"


def _row(key: Key, path: str) -> str:
    setting = key.setting
    default = "required" if key.required else setting.default_text
    if not default and setting.default not in (None, {}, []):
        default = f"`{_yaml(setting.default) or EMPTY}`"
    cells = [
        f"`{path}.{key.name}`" if path else f"`{key.name}`",
        _type(key, path or "cluster"),
        _input(key.kind),
        default,
        setting.rule.expected if setting.rule else "",
        setting.text,
        setting.change,
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(key: Key, path: str) -> str:
    kind = key.kind
    inner = kind.inner
    if kind.shape or (inner and inner.shape):
        target = f"{path}.{key.name}" + ("" if kind.shape else ".NAME")
        return f"[{'map' if kind.shape else 'map of maps'}](#{target.replace('.', '').lower()})"
    word = WORDS[kind.type].removeprefix("a ")
    return f"{word} of {WORDS[inner.type].removeprefix('a ')}" if inner and inner.type in (str, dict) else word


def _input(kind: Kind) -> str:
    """Which part of a setting takes a `pulumi.Input`."""
    if kind.takes_outputs:
        return "yes"
    inner = kind.inner
    return "values" if inner and (inner.takes_outputs or inner.type is Any) else ""


def _yaml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(inner)}" for key, inner in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value)

"""The page of all settings, docs/settings.md."""

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from components.client import ConsulClientArgs
from components.cluster_args import ConsulClusterArgs
from components.server import ConsulServerArgs
from documentation import agent_documents, defaults, ranges
from documentation.typed_args import Section, Setting, sections, settings

PATH = Path(__file__).parent.parent / "docs" / "settings.md"
ROOT = "cluster"
WIDTH = 120
HEAD = """\
# Settings

This page is made from the code by `make docs`; a test fails when it is not what the code says.

A stack file spells the args of `ConsulCluster` in YAML, under `consul-on-pulumi:cluster`. In a program the same args
are a Python dictionary. The words under *range* are those with which a preview refuses anything else. A setting that
is misspelt or of another type is refused as well, and all refusals come at once.

Three settings stand beside `cluster`, since they are encrypted:

| setting | meaning |
|---|---|
| `seed_secrets.SET.KEY` | A secret value of a seed set: \
`pulumi config set --secret --path seed_secrets.app.db.password`. |
| `agent_secrets["FILE"]` | A file that only agents read, such as a gossip key, tokens or a private key: \
see [operations](operations.md#secret-files-of-agents). |
| `token` | The ACL token with which the program asks Consul: `pulumi config set --secret token …`. Without it the \
variables of Consul's own commands count (`CONSUL_HTTP_TOKEN`, `CONSUL_HTTP_TOKEN_FILE`). |
"""
TIERS = """\
## The tiers alone

In a program of your own, `ConsulServer` and `ConsulClient` are placed on ground that exists: `placement.docker.network`
or `placement.kubernetes.namespace` is required there.
"""
_WORDS = {str: "text", int: "whole number", bool: "true or false"}
_DEFAULT = re.compile(r" ?Default: (?P<words>.*?)\.(?= |$)")


def page() -> str:
    """The whole page."""
    found = list(sections(ConsulClusterArgs, ROOT))
    parts = [HEAD, *(_section(section) for section in found), *agent_documents.described(), TIERS]
    parts += [
        f"### `{component}`\n\n{_table(Section(component, shape, settings(shape)))}"
        for component, shape in (("ConsulServer", ConsulServerArgs), ("ConsulClient", ConsulClientArgs))
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _section(section: Section) -> str:
    about = textwrap.fill(" ".join((section.shape.__doc__ or "").split()), WIDTH, break_on_hyphens=False)
    return f"## `{section.path}`\n\n{about}\n\n{_table(section)}"


def _table(section: Section) -> str:
    rows = "\n".join(_row(section, setting) for setting in section.settings)
    return f"| setting | type | default | range | meaning |\n|---|---|---|---|---|\n{rows}"


def _row(section: Section, setting: Setting) -> str:
    path = f"{section.path}.{setting.name}"
    in_stack_file = path.startswith(f"{ROOT}.")
    said = _DEFAULT.search(setting.meaning)
    meaning = _DEFAULT.sub("", setting.meaning).strip()
    known = defaults.default(section.shape, setting.name, setting.kind)
    default = (
        "required" if setting.required else said["words"] if said else "" if known is None else f"`{_yaml(known)}`"
    )
    allowed = ranges.allowed(path.replace("NAME", "name"), setting.kind) if setting.inner is None else ""
    shown = path if in_stack_file else setting.name
    cells = [f"`{shown}`", _type(setting, section.path if in_stack_file else ROOT), default, allowed, meaning]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(setting: Setting, path: str) -> str:
    if setting.inner is not None:
        named = ".NAME" if get_origin(setting.kind) is dict else ""
        target = f"{path}.{setting.name}{named}"
        return f"[{'map of maps' if named else 'map'}](#{target.replace('.', '').lower()})"
    match get_origin(setting.kind):
        case None:
            return _WORDS[setting.kind]
        case kind if kind is list:
            return "list of text" if get_args(setting.kind)[0] is str else "list of maps"
        case _:
            return "map of text" if get_args(setting.kind)[1] is not Any else "map"


def _yaml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(inner)}" for key, inner in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value)

"""The page of all settings, docs/settings.md."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from components.client import ConsulClientArgs
from components.cluster_args import ConsulClusterArgs
from components.desired import agent, agent_keys
from components.desired.topology import Role, Topology
from components.placement.docker.placement import DockerPlacement
from components.placement.kubernetes.placement import KubernetesPlacement
from components.server import ConsulServerArgs
from documentation import defaults, ranges
from documentation.typed_args import Section, Setting, sections, settings

PATH = Path(__file__).parent.parent / "docs" / "settings.md"
ROOT = "cluster"
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
AGENTS = """\
## Agent configuration

`agent_config`, `server_config` and `client_config` take Consul's own keys, those of Consul 1.20 without the deprecated
ones. They are merged over the documents below, map by map. These keys the program answers for, so they are refused:
"""
_WORDS = {str: "text", int: "whole number", bool: "true or false"}
_DEFAULT = re.compile(r" ?Default: (?P<words>.*?)\.(?= |$)")


def page() -> str:
    """The whole page."""
    found = list(sections(ConsulClusterArgs, ROOT))
    parts = [HEAD, *(_section(section) for section in found), AGENTS + "\n" + _owned(), *_documents(), TIERS]
    parts += [
        f"### `{component}`\n\n{_table(Section('', shape, settings(shape)))}"
        for component, shape in (("ConsulServer", ConsulServerArgs), ("ConsulClient", ConsulClientArgs))
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _section(section: Section) -> str:
    about = " ".join((section.shape.__doc__ or "").split())
    return f"## `{section.path}`\n\n{about}\n\n{_table(section)}"


def _table(section: Section) -> str:
    rows = "\n".join(_row(section, setting) for setting in section.settings)
    return f"| setting | type | default | range | meaning |\n|---|---|---|---|---|\n{rows}"


def _row(section: Section, setting: Setting) -> str:
    path = f"{section.path}.{setting.name}".strip(".")
    said = _DEFAULT.search(setting.meaning)
    meaning = _DEFAULT.sub("", setting.meaning).strip()
    known = defaults.default(section.shape, setting.name, setting.kind)
    default = (
        "required" if setting.required else said["words"] if said else "" if known is None else f"`{_yaml(known)}`"
    )
    in_stack_file = section.path and setting.inner is None
    allowed = ranges.allowed(path.replace("NAME", "name"), setting.kind) if in_stack_file else ""
    cells = [f"`{path}`", _type(setting, section.path), default, allowed, meaning]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(setting: Setting, path: str) -> str:
    if setting.inner is not None:
        named = ".NAME" if get_origin(setting.kind) is dict else ""
        target = f"{path}.{setting.name}{named}" if path else f"{ROOT}.{setting.name}"
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


def _owned() -> str:
    rows = "\n".join(f"| `{key}` | {why} |" for key, why in agent_keys.OWNED.items())
    secret = ", ".join(f"`{key}`" for key in agent_keys.SECRET)
    return (
        f"| key | why |\n|---|---|\n{rows}\n\nRefused too, since everybody who may inspect a container or a pod would "
        f"read them: {secret}. They belong into a file of `agent_secrets`."
    )


def _documents() -> Iterator[str]:
    topology = Topology(cluster="NAME", datacenter="dc1", servers=3, clients=1)
    on_docker = DockerPlacement({"subnet": "172.30.0.0/24"}).surroundings()
    server, client = (agent.document(topology, role, on_docker, {}) for role in Role)
    yield f"A server on Docker, in a cluster of three that is called NAME:\n\n{_json(server)}"
    others = {key: value for key, value in client.items() if server.get(key) != value}
    without = ", ".join(f"`{key}`" for key in sorted(server.keys() - client.keys()))
    yield f"A client has no {without}, and these:\n\n{_json(others)}"
    in_pod = KubernetesPlacement({"namespace": "NAMESPACE"}).surroundings()
    pod = agent.document(topology, Role.SERVER, in_pod, {})
    yield f"On Kubernetes these differ:\n\n{_json({key: pod[key] for key in pod if pod[key] != server[key]})}"


def _json(document: Mapping[str, Any]) -> str:
    return f"```json\n{json.dumps(document, indent=2, sort_keys=True)}\n```"

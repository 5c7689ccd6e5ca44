"""What a state records of each resource that a change of the code must not change: its URN and its provider."""

import base64
import json
import pickletools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer

from tests.recording import Registration, build, client_args, cluster_args, server_args

FOLDER = Path(__file__).parent
Resource = dict[str, str]
"""`types` of the resource and of its parents, as in its URN; its logical `name`; the import path of its dynamic
`provider`, empty for others."""

CONTENT_HASH = re.compile(r"(?<=-config-)[0-9a-f]{10}$")
"""Ends the name of a ConfigMap: another content is another ConfigMap."""

PROGRAMS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "docker": {
        "cluster": {"docker": {"subnet": "172.30.0.0/24"}},
        "tier": {"docker": {"subnet": "172.30.0.0/24", "network": "lan"}},
    },
    "kubernetes": {
        "cluster": {"kubernetes": {"ui": {"ingress": {"host": "consul.example.org"}}, "context": "prod"}},
        "tier": {"kubernetes": {"namespace": "lan", "clients": "DaemonSet"}},
    },
}
"""For each platform the settings of a whole cluster, and those of its tiers alone."""


def resources(platform: str) -> list[Resource]:
    """The resources of a reference program: a cluster with everything, and a server and a client tier alone."""

    def program() -> None:
        seeds = {
            "seeds": {"motd": "hello"},
            "seed_sets": {"app": {"prefix": "app/", "entries": {"name": "web"}}},
            "agent_secrets": {"gossip.json": pulumi.Output.secret('{"encrypt": "a2V5"}')},
        }
        ConsulCluster("cluster", cluster_args(PROGRAMS[platform]["cluster"], **seeds))
        ConsulServer("server", server_args(PROGRAMS[platform]["tier"]))
        ConsulClient("client", client_args(PROGRAMS[platform]["tier"], servers=3))

    return sorted((_resource(one) for one in build(program).seen), key=lambda one: (one["types"], one["name"]))


def lost(before: Iterable[Resource], now: Iterable[Resource]) -> list[str]:
    """What would become of each recorded resource that this version does not create as it was."""
    known = list(now)
    return [_fate(one, known) for one in before if one not in known]


def read(file: Path) -> list[Resource]:
    """The resources that a file records."""
    found: list[Resource] = json.loads(file.read_text())
    return found


def write(file: Path, found: list[Resource]) -> None:
    """Record resources, one a line."""
    file.write_text("[\n" + ",\n".join(f"  {json.dumps(one)}" for one in found) + "\n]\n")


def _resource(registered: Registration) -> Resource:
    _stack, types, name = registered.urn.removeprefix("urn:pulumi:").rsplit("::", 2)
    return {
        "types": types,
        "name": CONTENT_HASH.sub("CONTENT", name),
        "provider": _import_path(registered.provider_code),
    }


def _import_path(code: str) -> str:
    """The module and the class that the pickled provider names."""
    operations = pickletools.genops(base64.b64decode(code)) if code else []
    return ".".join(str(argument) for operation, argument, _ in operations if operation.name == "SHORT_BINUNICODE")


def _fate(one: Resource, now: list[Resource]) -> str:
    place = f"{one['types']} {one['name']}"
    same_name = [other for other in now if other["name"] == one["name"]]
    for other in same_name:
        if other["types"] == one["types"]:
            return f"{place}: a stack can no longer load {one['provider']}, now {other['provider']}"
    if same_name:
        return f"{place}: replaced, its types are now {same_name[0]['types']}"
    return f"{place}: deleted, nothing has this name"

"""What a stack says about its clusters: read from its state, whatever the program and its settings are called."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from consul_on_pulumi.consul import access
from consul_on_pulumi.model.connection import CONNECTION, CREDENTIALS, Connection, connection_of
from consul_on_pulumi.review.events import SIGNATURE

COMPONENTS = ("consul-on-pulumi:index:ConsulCluster", "consul-on-pulumi:index:ConsulServer")
"""The components that a cluster may be: a server tier can be used without the other."""
NO_PULUMI = "pulumi: command not found, install Pulumi or add it to the PATH"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster of a stack."""

    name: str
    """Logical name of its component."""
    project: str
    stack: str
    """Name without the organization and the project, however it was typed: folders of files have it."""
    types: set[str]
    """The types of its resources."""
    servers: dict[str, str]
    """Node name of each server to the address at which the program reaches it."""
    group: Mapping[str, Any]
    """The inputs of a resource that takes part in a rollout of all servers. On Kubernetes they name the StatefulSet."""

    @property
    def connection(self) -> Connection:
        """How the program reaches it."""
        return connection_of(self.group)


def named(stack: str | None) -> str:
    """The name of the stack: this one, else the selected one."""
    return stack or pulumi("stack", "--show-name").strip()


def cluster(stack: str, name: str | None) -> Cluster:
    """The cluster with this name; without a name, the only one. It comes with the connection that the state holds.

    Ends the program with one sentence where there is no such cluster, or where it has no servers.
    """
    clusters = _clusters(stack)
    if not clusters:
        no_cluster(stack)
    names = {urn: urn.split("::", 3)[3] for urn in clusters}
    chosen = [urn for urn, found in names.items() if name in (None, found)]
    if len(chosen) != 1:
        sys.exit(f"--cluster: expected one of {', '.join(sorted(names.values()))}, got {name or 'nothing'}")
    (own_stack, project), parts = chosen[0].removeprefix("urn:pulumi:").split("::")[:2], clusters[chosen[0]]
    if problems := list(access.problems()):
        sys.exit("; ".join(problems))
    # Every resource that takes part in a rollout has all servers; after a failed update the longest list counts.
    groups = [one["inputs"] for one in parts if {"names", "addresses"} <= one.get("inputs", {}).keys()]
    if not groups:
        no_cluster(stack)
    # ConsulVersion has all servers too, but does not name the StatefulSet; VoterGate does not name the containers.
    group = max(groups, key=_detail)
    if CONNECTION in group:
        hidden = {CONNECTION, CREDENTIALS} & group.keys()
        group = next(
            one["inputs"] | {key: json.loads(one["inputs"][key]["plaintext"]) for key in hidden}
            for one in _clusters(stack, "--show-secrets")[chosen[0]]
            if one.get("inputs", {}).get("names") == group["names"] and _detail(one["inputs"]) == _detail(group)
        )
    servers = dict(zip(group["names"], group["addresses"], strict=True))
    return Cluster(names[chosen[0]], project, own_stack, {str(one["type"]) for one in parts}, servers, group)


def outputs(stack: str, name: str, kind: str = "") -> dict[str, Any]:
    """The outputs of the component with this name, or of its resource of this `kind`, secrets in plain; none where the
    last update did not get there."""
    return next(iter(all_outputs(stack, name, kind)), {})


def all_outputs(stack: str, name: str, kind: str) -> list[dict[str, Any]]:
    """The outputs of every resource of this `kind` in the component with this name, secrets in plain."""
    parts = next(parts for urn, parts in _clusters(stack, "--show-secrets").items() if urn.endswith(f"::{name}"))
    found = [one.get("outputs", {}) for one in parts if one["type"].endswith(kind)]
    return [{key: _plain(value) for key, value in one.items()} for one in found]


def configuration(stack: str, *options: str) -> dict[str, Any]:
    """The stack's configuration by key; an entry holds `value` and, of an object, `objectValue`."""
    found: dict[str, Any] = json.loads(pulumi("config", "--json", "--stack", stack, *options))
    return found


def pulumi(*words: str) -> str:
    """What a pulumi command prints. Ends the program with what it says where it fails."""
    try:
        done = subprocess.run(["pulumi", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit(NO_PULUMI)
    if done.returncode:
        sys.exit(f"pulumi {' '.join(words[:2])} failed: {done.stderr.strip()}")
    return done.stdout


def no_cluster(stack: str) -> NoReturn:
    """End the program with one sentence."""
    sys.exit(f"the stack {stack} has no Consul cluster: run `pulumi up --stack {stack}` first")


def _detail(group: Mapping[str, Any]) -> tuple[int, bool, bool]:
    return len(group["names"]), "stateful_set" in group, any("+" in base for base in group["addresses"])


def _plain(value: Any) -> Any:
    return json.loads(value["plaintext"]) if isinstance(value, Mapping) and SIGNATURE in value else value


def _clusters(stack: str, *options: str) -> dict[str, list[Mapping[str, Any]]]:
    """The resources of each cluster in the state of a stack, by the URN of its outermost component."""
    state = json.loads(pulumi("stack", "export", "--stack", stack, *options))["deployment"].get("resources") or []
    found: dict[str, list[Mapping[str, Any]]] = {}
    component_of: dict[str, str] = {}
    # In a state a parent is before its children, so the outermost component of a cluster is found first.
    for resource in (one for one in state if not one.get("delete")):
        own = resource["urn"] if resource["type"] in COMPONENTS else None
        if component := component_of.get(resource.get("parent"), own):
            component_of[resource["urn"]] = component
            found.setdefault(component, []).append(resource)
    return found

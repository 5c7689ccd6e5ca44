"""What a stack says about its clusters: read from its state, whatever the program and its settings are called."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from consul_on_pulumi.consul import credentials

Resource = Mapping[str, Any]
"""A resource as the state has it."""
COMPONENTS = ("consul-on-pulumi:index:ConsulCluster", "consul-on-pulumi:index:ConsulServer")
"""The components that a cluster may be: a server tier can be used without the other."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster of a stack."""

    name: str
    """Logical name of its component."""
    project: str
    stack: str
    resources: list[Resource]
    """All resources below the component."""

    @property
    def types(self) -> set[str]:
        """The types of its resources."""
        return {str(resource["type"]) for resource in self.resources}

    @property
    def servers(self) -> dict[str, str]:
        """Node name of each server to the address at which the program reaches it.

        Every resource that takes part in a rollout has all of them; after a failed update the longest list counts.
        Ends the program with one sentence where there is none.
        """
        groups = [one["inputs"] for one in self.resources if {"names", "addresses"} <= one.get("inputs", {}).keys()]
        if not groups:
            no_cluster(self.stack)
        group = max(groups, key=lambda inputs: len(inputs["names"]))
        return dict(zip(group["names"], group["addresses"], strict=True))


def selected() -> str:
    """The name of the selected stack."""
    return pulumi("stack", "--show-name").strip()


def clusters(stack: str) -> list[Cluster]:
    """The clusters in the state of a stack. Ends the program where the state cannot be read."""
    state = json.loads(pulumi("stack", "export", "--stack", stack))["deployment"].get("resources") or []
    resources = {one["urn"]: one for one in state if not one.get("delete")}
    children: dict[str, list[Resource]] = {}
    for resource in resources.values():
        if outermost := _cluster_of(resource, resources):
            children.setdefault(outermost, []).append(resource)
    return [Cluster(urn.split("::", 3)[3], urn.split("::")[1], stack, found) for urn, found in children.items()]


def cluster(stack: str, name: str | None) -> Cluster:
    """The cluster with this name; without a name, the only one. Ends the program where there is no such cluster."""
    found = clusters(stack)
    chosen = [one for one in found if name in (None, one.name)]
    if len(chosen) == 1:
        _take_token(chosen[0])
        return chosen[0]
    if not found:
        no_cluster(stack)
    names = ", ".join(sorted(one.name for one in found))
    sys.exit(f"--cluster: expected one of {names}, got {name or 'nothing'}")


def folder(cluster: Cluster) -> Path:
    """Where the snapshots of a stack are kept; created if need be, closed to other users."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    found = state / "consul-on-pulumi" / "snapshots" / cluster.project / cluster.stack
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def configuration(stack: str, *options: str) -> dict[str, Any]:
    """The stack's configuration by key; an entry holds `value` and, of an object, `objectValue`."""
    found: dict[str, Any] = json.loads(pulumi("config", "--json", "--stack", stack, *options))
    return found


def pulumi(*words: str) -> str:
    """What a pulumi command prints. Ends the program with what it says where it fails."""
    try:
        done = subprocess.run(["pulumi", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit("pulumi: command not found, install Pulumi or add it to the PATH")
    if done.returncode:
        sys.exit(f"pulumi {' '.join(words[:2])} failed: {done.stderr.strip()}")
    return done.stdout


def no_cluster(stack: str) -> NoReturn:
    """End the program with one sentence."""
    sys.exit(f"the stack {stack} has no Consul cluster: run `pulumi up --stack {stack}` first")


def _cluster_of(resource: Resource, resources: Mapping[str, Resource]) -> str | None:
    """URN of the outermost component above a resource."""
    found = None
    above: Resource | None = resource
    while above:
        if above["type"] in COMPONENTS:
            found = str(above["urn"])
        above = resources.get(above.get("parent") or "")
    return found


def _take_token(cluster: Cluster) -> None:
    """Use the ACL token of the stack's configuration, as the program does."""
    key = f"{cluster.project}:{credentials.KEY}"
    if key in configuration(cluster.stack):
        credentials.use_token(str(configuration(cluster.stack, "--show-secrets")[key]["value"]))

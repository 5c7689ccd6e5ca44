"""Previews written by hand: changes that the real engine would not make here, or not quickly."""

import json
from typing import Any

from consul_on_pulumi.platforms.docker.review import NETWORK
from consul_on_pulumi.platforms.kubernetes.review import CLIENTS, NAMESPACE
from consul_on_pulumi.review.events import parse
from consul_on_pulumi.review.kv import TYPE as KV
from consul_on_pulumi.review.steps import COMPONENTS, Preview

Inputs = dict[str, Any]
OF_THE_CLUSTER = (NETWORK, NAMESPACE, KV)
TIERS = {"ConsulCluster": "consul", "ConsulServer": "consul-server", "ConsulClient": "consul-client"}


def event(
    op: str,
    kind: str,
    name: str,
    old: Inputs | None = None,
    new: Inputs | None = None,
    *,
    component: str = "",
    tier: str = "",
    retained: bool = False,
    paths: list[str] | None = None,
) -> str:
    """One step, as a line of an event log; `tier` is the logical name of the parent, which is a `component`."""
    usual = "ConsulCluster" if kind in OF_THE_CLUSTER else "ConsulClient" if kind in CLIENTS else "ConsulServer"
    component = component or usual
    parents = "$".join(COMPONENTS + one for one in dict.fromkeys(["ConsulCluster", component]))
    parent = f"urn:pulumi:s::p::{parents}::{tier or TIERS[component]}"
    return step(op, kind, f"urn:pulumi:s::p::{parents}${kind}::{name}", parent, old, new, retained, paths)


def component(kind: str, logical: str, within: str = "", **inputs: Any) -> str:
    """An unchanged component with its settings; `within` is the URN of its own component."""
    root = "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"
    types = f"{within.split('::')[2]}$" if within else ""
    return step("same", kind, f"urn:pulumi:s::p::{types}{kind}::{logical}", within or root, inputs, inputs)


def foreign(op: str, kind: str, name: str, old: Inputs | None = None, new: Inputs | None = None) -> str:
    """The same for a resource of somebody else's in the same program."""
    return step(op, kind, f"urn:pulumi:s::p::{kind}::{name}", "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s", old, new)


def step(
    op: str,
    kind: str,
    urn: str,
    parent: str,
    old: Inputs | None,
    new: Inputs | None,
    retained: bool = False,
    paths: list[str] | None = None,
) -> str:
    """One step with all its fields."""
    found: dict[str, Any] = {"op": op, "type": kind, "urn": urn, "diffs": paths or []}
    for side, inputs in (("old", old), ("new", new)):
        if inputs is not None:
            found[side] = {"inputs": inputs, "retainOnDelete": retained, "parent": parent}
    return json.dumps({"resourcePreEvent": {"metadata": found}})


def message(text: str, severity: str = "error") -> str:
    """One message, as a line of an event log."""
    return json.dumps({"diagnosticEvent": {"message": text, "severity": severity}})


def preview(*lines: str) -> Preview:
    return parse(lines)


def container(name: str, **more: Any) -> Inputs:
    """The inputs of an agent's container."""
    return {"name": name, "image": "hashicorp/consul:1.20.6", "command": ["agent", "-hcl", "{}"], **more}


def server_group(*names: str, spec_hash: str = "a", **files: str) -> Inputs:
    """The inputs of a ServerRollout."""
    return {"names": list(names), "spec_hash": spec_hash, "image": "hashicorp/consul:1", "configuration": files}


def stateful_set(replicas: int, when_deleted: str = "Delete") -> Inputs:
    """The inputs of a StatefulSet of servers."""
    policy = {"whenDeleted": when_deleted, "whenScaled": "Retain"}
    return {
        "metadata": {"name": "dev-server"},
        "spec": {"replicas": replicas, "persistentVolumeClaimRetentionPolicy": policy},
    }

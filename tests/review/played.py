"""Previews that no engine here would make, or not so quickly."""

import json
from typing import Any

from consul_on_pulumi.review.events import Preview, parse

Inputs = dict[str, Any]


def event(
    op: str,
    kind: str,
    name: str,
    old: Inputs | None = None,
    new: Inputs | None = None,
    *,
    retained: bool = False,
    paths: list[str] | None = None,
) -> str:
    """One step, as a line of an event log."""
    found: dict[str, Any] = {"op": op, "type": kind, "urn": f"urn:pulumi:s::p::{kind}::{name}", "diffs": paths or []}
    for side, inputs in (("old", old), ("new", new)):
        if inputs is not None:
            found[side] = {"inputs": inputs, "retainOnDelete": retained}
    return json.dumps({"resourcePreEvent": {"metadata": found}})


def said(message: str, severity: str = "error") -> str:
    """One message, as a line of an event log."""
    return json.dumps({"diagnosticEvent": {"message": message, "severity": severity}})


def preview(*lines: str) -> Preview:
    return parse(lines)


def container(name: str, *, server: bool = True, **more: Any) -> Inputs:
    """The inputs of an agent's container."""
    document = json.dumps({"server": server})
    return {"name": name, "image": "hashicorp/consul:1.20.6", "command": ["agent", "-hcl", document], **more}


def server_group(*names: str, spec_hash: str = "a", **files: str) -> Inputs:
    """The inputs of a ServerRollout."""
    return {"names": list(names), "spec_hash": spec_hash, "image": "hashicorp/consul:1", "configuration": files}


def stateful_set(replicas: int, when_deleted: str = "Delete", when_scaled: str = "Delete") -> Inputs:
    """The inputs of a StatefulSet of servers."""
    policy = {"whenDeleted": when_deleted, "whenScaled": when_scaled}
    return {
        "metadata": {"name": "dev-server"},
        "spec": {"replicas": replicas, "persistentVolumeClaimRetentionPolicy": policy},
    }

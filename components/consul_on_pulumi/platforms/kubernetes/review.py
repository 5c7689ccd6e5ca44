"""Agents that are pods: servers that ServerRollout replaces, and clients (components/consul_on_pulumi/consul_on_pulumi/platforms/kubernetes)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.review.agents import Agent, Data, Side
from consul_on_pulumi.review.events import State, Step

STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
NAMESPACE = "kubernetes:core/v1:Namespace"
CLIENTS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:DaemonSet")
ROLL = "pulumi-python:dynamic/consul-on-pulumi:ServerRollout"


def agents(steps: Sequence[Step]) -> list[Agent]:
    """Every server, by ordinal. Clients are no single agents here: see `clients`."""
    sets = {_prefix(step.name): step for step in steps if step.type == STATEFUL_SET}
    return [agent for step in steps if step.type == ROLL for agent in _servers(step, sets.get(_prefix(step.name)))]


def clients(steps: Sequence[Step]) -> list[Step]:
    """The workloads of clients that change."""
    return [
        step
        for step in steps
        if step.type in CLIENTS and step.operation != "same" and step.name.endswith(("-deployment", "-daemon-set"))
    ]


def keeps(state: State | None, when: str) -> bool:
    """Whether a StatefulSet leaves its claims alone `whenDeleted` or `whenScaled`."""
    spec = state.inputs.get("spec") if state else None
    policy = spec.get("persistentVolumeClaimRetentionPolicy") if isinstance(spec, Mapping) else None
    return not isinstance(policy, Mapping) or policy.get(when) != "Delete"


def _servers(roll: Step, stateful_set: Step | None) -> list[Agent]:
    before = [] if roll.operation == "create" else _names(roll.before)
    after = [] if roll.operation == "delete" else _names(roll.after)
    gone = stateful_set is not None and stateful_set.operation in ("delete", "replace")
    updated = roll.operation in ("update", "replace") and (_differs(roll, "spec_hash") or not _differs(roll, "names"))
    found = []
    for name in dict.fromkeys([*before, *after]):
        operation = "create" if name not in before else "delete" if name not in after else "same"
        if operation == "same" and (updated or gone):
            operation = "replace"
        kept = keeps(stateful_set.before, "whenDeleted" if gone else "whenScaled") if stateful_set else True
        lost = Data.LEFT if kept else Data.DESTROYED
        data = Data.MADE if operation == "create" else lost if gone or operation == "delete" else Data.KEPT
        earlier = None if operation == "create" else _side(roll.before)
        later = None if operation == "delete" else _side(roll.after)
        found.append(Agent(name, Role.SERVER, operation, data, earlier, later))
    return found


def _side(state: State | None) -> Side | None:
    if state is None:
        return None
    files = state.inputs.get("configuration")
    documents = {name: _document(text) for name, text in files.items()} if isinstance(files, Mapping) else {}
    return Side(str(state.inputs.get("image", "")), documents)


def _names(state: State | None) -> list[str]:
    found = state.inputs.get("names") if state else None
    return [str(name) for name in found] if isinstance(found, list) else []


def _differs(step: Step, key: str) -> bool:
    return bool(step.before and step.after and step.before.inputs.get(key) != step.after.inputs.get(key))


def _document(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _prefix(name: str) -> str:
    return name.removesuffix("-rollout").removesuffix("-stateful-set")

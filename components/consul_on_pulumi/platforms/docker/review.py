"""Agents that are containers: each with a volume beside it (components/consul_on_pulumi/consul_on_pulumi/platforms/docker)."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from consul_on_pulumi.model.secret_files import DIRECTORY
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.review.agents import Agent, Data, Side
from consul_on_pulumi.review.configuration import DERIVED
from consul_on_pulumi.review.events import State, Step

CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
NETWORK = "docker:index/network:Network"
GATE = "pulumi-python:dynamic/consul-on-pulumi:VoterGate"
"""Stands before each server, and takes the server's data along when it goes without the cluster."""
DOCUMENT = "-hcl"
"""What stands before the agent's configuration in the command."""
CLUSTER_ID = "-node-meta=spec_hash:"
"""Begins the argument that follows from all the others, and says nothing by itself."""


def agents(steps: Sequence[Step]) -> list[Agent]:
    """Every agent, also those that stay as they are, by name."""
    volumes = {step.name: step for step in steps if step.type == VOLUME}
    gone = scaled_away(steps)
    found = [_agent(step, volumes.get(f"{step.name}-data"), gone) for step in steps if step.type == CONTAINER]
    return sorted(found, key=lambda agent: (agent.role is Role.CLIENT, agent.name))


def lone_volumes(steps: Sequence[Step]) -> list[Step]:
    """Volumes without a container in this preview, such as those of one that is gone already."""
    containers = {step.name for step in steps if step.type == CONTAINER}
    return [step for step in steps if step.type == VOLUME and step.name.removesuffix("-data") not in containers]


def scaled_away(steps: Sequence[Step]) -> set[str]:
    """The volumes of servers that leave a cluster which stays: they go, also where data outlives the cluster."""
    kept = {step.name for step in steps if step.type == VOLUME and step.operation != "delete"}
    gone = [step.name.removesuffix("-gate") for step in steps if step.type == GATE and step.operation == "delete"]
    return {f"{server}-data" for server in gone if f"{server.rpartition('-')[0]}-0-data" in kept}


def data(volume: Step | None, gone: Collection[str] = ()) -> Data:
    """What becomes of the data in a volume; `gone` are the names of those that are `scaled_away`."""
    if volume is None or volume.operation in ("same", "update"):
        return Data.KEPT
    if volume.operation == "create":
        return Data.MADE
    kept = volume.before and volume.before.retained and volume.name not in gone
    return Data.LEFT if kept else Data.DESTROYED


def _agent(step: Step, volume: Step | None, gone: Collection[str]) -> Agent:
    before = _side(step.before)
    after = None if step.operation == "delete" else _side(step.after)
    known = after or before
    document = known.configuration.get("agent", {}) if known else {}
    role = Role.SERVER if isinstance(document, Mapping) and document.get("server") else Role.CLIENT
    state = step.after or step.before
    name = str(state.inputs.get("name", step.name)) if state else step.name
    return Agent(name, role, step.operation, data(volume, gone), before, after)


def _side(state: State | None) -> Side | None:
    if state is None:
        return None
    inputs = state.inputs
    command = inputs.get("command")
    words = [str(word) for word in command] if isinstance(command, list) else []
    place = words.index(DOCUMENT) + 1 if DOCUMENT in words[:-1] else None
    arguments = [word for at, word in enumerate(words) if at != place and not word.startswith(CLUSTER_ID)]
    ignored = ("command", "image", "ports", "name", "volumes")
    own, secret = volumes(state)
    return Side(
        image=str(inputs.get("image", "")),
        configuration={} if place is None else {"agent": _document(words[place])},
        rest={
            **{_word(key): found for key, found in inputs.items() if key not in ignored},
            DERIVED: arguments,
            "host ports": published(state),
            "volumes": own,
            **({"secret files": secret} if secret else {}),
        },
    )


def published(state: State) -> dict[str, Any]:
    """Port inside the container to port of the host."""
    ports = state.inputs.get("ports")
    listed = [port for port in ports if isinstance(port, Mapping)] if isinstance(ports, list) else []
    return {f"{port.get('internal')}/{port.get('protocol', 'tcp')}": _number(port.get("external")) for port in listed}


def volumes(state: State) -> tuple[list[Any], list[Any]]:
    """The names of those with the agent's data, and of those with its secret files."""
    found = state.inputs.get("volumes")
    listed = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    secret = [one.get("volumeName") for one in listed if one.get("containerPath") == DIRECTORY]
    return [one for one in listed if one.get("containerPath") != DIRECTORY], secret


def _number(found: Any) -> Any:
    return int(found) if isinstance(found, float) else found


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _word(key: str) -> str:
    """`memorySwap` as `memory swap`."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in key)

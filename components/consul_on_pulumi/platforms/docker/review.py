"""Agents that are containers, each with a data volume."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.secret_files import DIRECTORY
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.review.agents import ROLES, Agent, Data, Side, belongs
from consul_on_pulumi.review.configuration import DERIVED
from consul_on_pulumi.review.headline import retained_data_sentences, secret_file_sentences
from consul_on_pulumi.review.losses import Kind, Loss
from consul_on_pulumi.review.markdown import code
from consul_on_pulumi.review.steps import State, Step

CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
NETWORK = "docker:index/network:Network"
SECRET_VOLUME = "pulumi-python:dynamic/consul-on-pulumi:SecretVolume"
GATE = "pulumi-python:dynamic/consul-on-pulumi:VoterGate"
"""Deletes the data of its server when that server is removed from a cluster that stays."""
DOCUMENT = "-hcl"
"""The argument before the agent's configuration."""
SPEC_HASH = "-node-meta=spec_hash:"
"""Start of the argument that follows from all others."""


def agents(steps: Sequence[Step]) -> list[Agent]:
    """Every agent, by role and name; also one that does not change."""
    volumes = {(step.parent, step.object_name): step for step in steps if belongs(step, VOLUME)}
    removed = _volumes_of_removed_servers(steps)
    found = [
        _agent(step, volumes.get((step.parent, naming.volume_of(step.object_name))), removed)
        for step in steps
        if belongs(step, CONTAINER)
    ]
    return sorted(found, key=lambda agent: (agent.role is Role.CLIENT, agent.name))


def losses(steps: Sequence[Step]) -> Iterator[Loss]:
    """Data volumes without a container, such as one that was deleted before; and networks, also those of others."""
    containers = [step for step in steps if belongs(step, CONTAINER)]
    used = {(step.parent, naming.volume_of(step.object_name)) for step in containers}
    befores = [step.before for step in containers if step.before]
    networks = {one.get("name") for state in befores for one in _objects(state.inputs, "networksAdvanced")}
    removed = _volumes_of_removed_servers(steps)
    for step in steps:
        if belongs(step, VOLUME) and (step.parent, step.object_name) not in used:
            if _data(step, removed) is Data.DESTROYED:
                yield Loss(Kind.DATA, f"**Destroys the volume {code(step.object_name)}**")
        elif step.type == NETWORK and step.operation == "replace" and step.object_name in networks:
            yield Loss(Kind.NETWORK, f"**Replaces network {code(step.object_name)}**: all its agents stop at once")


def sentences(steps: Sequence[Step]) -> Iterator[str]:
    """Secret files, and whether data volumes stay after a destroy."""
    yield from secret_file_sentences(steps, SECRET_VOLUME, "files")
    yield from retained_data_sentences(
        [
            (step.before.retained, step.after.retained)
            for step in steps
            if belongs(step, VOLUME) and step.operation == "same" and step.before and step.after
        ]
    )


Volumes = set[tuple[str, str]]
"""URN of the tier and name of the volume."""


def _volumes_of_removed_servers(steps: Sequence[Step]) -> Volumes:
    """The volumes of servers that leave a cluster which stays: they are deleted, whatever `retain_data` says."""
    staying = {step.parent for step in steps if belongs(step, VOLUME) and step.operation != "delete"}
    return {
        (step.parent, naming.volume_of(str(step.before.inputs.get("server"))))
        for step in steps
        if step.type == GATE and step.operation == "delete" and step.before and step.parent in staying
    }


def _data(volume: Step | None, removed: Volumes) -> Data:
    if volume is None or volume.operation in ("same", "update"):
        return Data.KEPT
    if volume.operation == "create":
        return Data.CREATED
    retained = volume.before and volume.before.retained and (volume.parent, volume.object_name) not in removed
    return Data.RETAINED if retained else Data.DESTROYED


def _agent(step: Step, volume: Step | None, removed: Volumes) -> Agent:
    return Agent(
        name=step.object_name,
        role=ROLES[step.component],
        tier=step.parent,
        operation=step.operation,
        data=_data(volume, removed),
        before=_side(step.before),
        after=None if step.operation == "delete" else _side(step.after),
    )


def _side(state: State | None) -> Side | None:
    if state is None:
        return None
    inputs = state.inputs
    command = inputs.get("command")
    words = [str(word) for word in command] if isinstance(command, list) else []
    place = words.index(DOCUMENT) + 1 if DOCUMENT in words[:-1] else None
    arguments = [word for at, word in enumerate(words) if at != place and not word.startswith(SPEC_HASH)]
    ignored = ("command", "image", "ports", "name", "volumes")
    mounts = _objects(inputs, "volumes")
    secret = [mount.get("volumeName") for mount in mounts if mount.get("containerPath") == DIRECTORY]
    return Side(
        image=str(inputs.get("image", "")),
        configuration={} if place is None else {"agent": words[place]},
        rest={
            **{_words(key): value for key, value in inputs.items() if key not in ignored},
            DERIVED: arguments,
            "host ports": {
                f"{port.get('internal')}/{port.get('protocol', 'tcp')}": port.get("external")
                for port in _objects(inputs, "ports")
            },
            "volumes": [mount for mount in mounts if mount.get("containerPath") != DIRECTORY],
            **({"secret files": secret} if secret else {}),
        },
    )


def _objects(inputs: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = inputs.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _words(key: str) -> str:
    """`memorySwap` as `memory swap`."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in key)

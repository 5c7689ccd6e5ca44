"""Agents that are containers, each with a data volume."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.secret_files import DIRECTORY
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.review.agents import DERIVED, ROLES, Agent, Data, Side, belongs
from consul_on_pulumi.review.headline import retained_data_sentences, secret_file_sentences
from consul_on_pulumi.review.losses import Kind, Loss
from consul_on_pulumi.review.markdown import code
from consul_on_pulumi.review.steps import DYNAMIC, State, Step, same_place, sequence

CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
NETWORK = "docker:index/network:Network"
SECRET_VOLUME = f"{DYNAMIC}SecretVolume"
GATE = f"{DYNAMIC}VoterGate"
"""Deletes the data of its server when that server is removed from a cluster that stays."""
DOCUMENT = "-hcl"
"""The argument before the agent's configuration."""
SPEC_HASH = "-node-meta=spec_hash:"
"""Start of the argument that follows from all others."""
SHOWN_OTHERWISE = ("command", "image", "ports", "name", "volumes")
"""Inputs of a container that a comment does not show as they are."""


def agents(steps: Sequence[Step]) -> list[Agent]:
    """Every agent, by role and name; also one that does not change."""
    volumes = _volumes(steps)
    found = [
        Agent(
            name=step.object_name,
            role=ROLES[step.component],
            tier=step.parent,
            operation=step.operation,
            data=volumes.get((step.parent, naming.volume_of(step.object_name)), Data.KEPT),
            before=_side(step.before),
            after=_side(step.after),
        )
        for step in steps
        if belongs(step, CONTAINER)
    ]
    return sorted(found, key=lambda agent: (agent.role is Role.CLIENT, agent.name))


def losses(steps: Sequence[Step]) -> Iterator[Loss]:
    """Data volumes without a container, such as one that was deleted before; and networks, also those of others."""
    containers = [step for step in steps if belongs(step, CONTAINER)]
    used = {(step.parent, naming.volume_of(step.object_name)) for step in containers}
    for (tier, volume), data in _volumes(steps).items():
        if data is Data.DESTROYED and (tier, volume) not in used:
            yield Loss(Kind.DATA, f"**Destroys the volume {code(volume)}**")
    networks = [(one.get("name"), step) for step in containers for one in _objects(step.before, "networksAdvanced")]
    for step in steps:
        if (
            step.type == NETWORK
            and step.operation == "replace"
            and any(name == step.object_name and same_place(step, agent, steps) for name, agent in networks)
        ):
            yield Loss(Kind.NETWORK, f"**Replaces network {code(step.object_name)}**: all its agents stop at once")


def sentences(steps: Sequence[Step]) -> Iterator[str]:
    """Secret files, and whether data volumes stay after a destroy."""
    yield from secret_file_sentences(steps, SECRET_VOLUME, "files")
    volumes = [step for step in steps if belongs(step, VOLUME) and step.operation == "same"]
    sides = [(step.before, step.after) for step in volumes]
    yield from retained_data_sentences([(one.retained, other.retained) for one, other in sides if one and other])


def _volumes(steps: Sequence[Step]) -> dict[tuple[str, str], Data]:
    """What happens to each data volume, by the URN of its tier and its name."""
    volumes = [step for step in steps if belongs(step, VOLUME)]
    staying = {step.parent for step in volumes if step.operation != "delete"}
    # The volume of a server that leaves a cluster which stays is deleted, whatever `retain_data` says.
    gates = [step for step in steps if step.type == GATE and step.operation == "delete" and step.parent in staying]
    removed = {(gate.parent, str(gate.before.inputs.get("server"))) for gate in gates if gate.before}
    deleted = {(tier, naming.volume_of(server)) for tier, server in removed}
    found = {}
    for step in volumes:
        retained = step.before and step.before.retained and (step.parent, step.object_name) not in deleted
        lost = Data.RETAINED if retained else Data.DESTROYED
        kept = {"same": Data.KEPT, "update": Data.KEPT, "create": Data.CREATED}
        found[step.parent, step.object_name] = kept.get(step.operation, lost)
    return found


def _side(state: State | None) -> Side | None:
    if state is None:
        return None
    words = [str(word) for word in sequence(state, "command")]
    place = words.index(DOCUMENT) + 1 if DOCUMENT in words[:-1] else None
    mounts = _objects(state, "volumes")
    rest = {_words(key): value for key, value in state.inputs.items() if key not in SHOWN_OTHERWISE}
    rest[DERIVED] = [word for at, word in enumerate(words) if at != place and not word.startswith(SPEC_HASH)]
    rest["host ports"] = {
        f"{port.get('internal')}/{port.get('protocol', 'tcp')}": port.get("external")
        for port in _objects(state, "ports")
    }
    rest["volumes"] = [mount for mount in mounts if mount.get("containerPath") != DIRECTORY]
    if secret := [mount.get("volumeName") for mount in mounts if mount.get("containerPath") == DIRECTORY]:
        rest["secret files"] = secret
    return Side(str(state.inputs.get("image", "")), {} if place is None else {"agent": words[place]}, rest)


def _objects(state: State | None, key: str) -> list[Mapping[str, Any]]:
    return [one for one in sequence(state, key) if isinstance(one, Mapping)]


def _words(key: str) -> str:
    """`memorySwap` as `memory swap`."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in key)

"""What a preview would lose for good. Each kind has to be allowed by its name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from consul_on_pulumi.model.topology import Role, quorum
from consul_on_pulumi.platforms.docker import review as docker_review
from consul_on_pulumi.platforms.kubernetes import review as kubernetes_review
from consul_on_pulumi.review import agents, kv
from consul_on_pulumi.review.agents import Agent, Data
from consul_on_pulumi.review.events import Step
from consul_on_pulumi.review.markdown import code, codes


class Kind(Enum):
    """A kind of loss; the value is what `--allow` takes."""

    DATA = "data-loss"
    SEEDS = "seed-loss"
    NETWORK = "network"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is lost, in Markdown."""

    kind: Kind
    what: str


def losses(steps: Sequence[Step], found: Sequence[Agent]) -> list[Loss]:
    """Everything that is lost, the worst first."""
    return [*_data(steps, found), *_quorum(found), *_network(steps), *_seeds(steps)]


def refused(lost: Iterable[Loss], allowed: Iterable[str]) -> list[Loss]:
    """Those of a kind that is not allowed."""
    words = set(allowed)
    return [loss for loss in lost if loss.kind.value not in words]


def _data(steps: Sequence[Step], found: Sequence[Agent]) -> Iterable[Loss]:
    servers = [agent.name for agent in found if agent.role is Role.SERVER and agent.data is Data.DESTROYED]
    if servers:
        yield Loss(Kind.DATA, f"**destroys the data of {codes(servers)}**")
    # A client that goes leaves nothing behind that the cluster has to know; one that stays must find its node ID.
    clients = agents.of(found, Role.CLIENT, "same", "update", "replace")
    if emptied := [agent.name for agent in clients if agent.data is Data.DESTROYED]:
        yield Loss(Kind.DATA, f"**destroys the data of {codes(emptied)}**: node ID and registered services")
    gone = docker_review.scaled_away(steps)
    for step in docker_review.lone_volumes(steps):
        if docker_review.data(step, gone) is Data.DESTROYED:
            yield Loss(Kind.DATA, f"**destroys the volume {code(_named(step))}**")
    for step in steps:
        if step.operation not in ("delete", "replace") or (step.before and step.before.retained):
            continue
        if step.type == kubernetes_review.NAMESPACE:
            yield Loss(Kind.DATA, f"**destroys namespace {code(_named(step))} with every volume claim in it**")
        if step.type == kubernetes_review.STATEFUL_SET:
            kept = kubernetes_review.keeps(step.before, "whenDeleted")
            rest = "its volume claims stay" if kept else "its volume claims go with it"
            yield Loss(Kind.DATA, f"**removes StatefulSet {code(_named(step))} and stops its servers**; {rest}")


def _quorum(found: Sequence[Agent]) -> Iterable[Loss]:
    """Servers that stay members but come back with nothing, so many that the others are no majority."""
    for tier in agents.tiers(found, Role.SERVER).values():
        before, _ = agents.sizes(tier, Role.SERVER)
        staying = agents.of(tier, Role.SERVER, "same", "update", "replace")
        emptied = [agent.name for agent in staying if agent.data is not Data.KEPT]
        if before and before - len(emptied) < quorum(before):
            text = f"**breaks the quorum**: {codes(emptied)} of {before} servers come back without their data"
            yield Loss(Kind.QUORUM, text)


def _network(steps: Sequence[Step]) -> Iterable[Loss]:
    for step in steps:
        if step.type == docker_review.NETWORK and step.operation == "replace":
            yield Loss(Kind.NETWORK, f"**replaces network {code(_named(step))}**: every agent on it stops at once")


def _seeds(steps: Sequence[Step]) -> Iterable[Loss]:
    for step in steps:
        if step.type == kv.TYPE and step.operation in ("delete", "replace"):
            keys = kv.changes([step])
            removed = sum(change.after is None for change in keys)
            if removed:
                yield Loss(Kind.SEEDS, f"**removes seed set {code(step.name)}** and {removed} KV entries with it")


def _named(step: Step) -> str:
    """The object's own name, where the program gave it one."""
    inputs = step.before.inputs if step.before else {}
    metadata = inputs.get("metadata")
    own = inputs.get("name") or (metadata.get("name") if isinstance(metadata, dict) else None)
    return str(own or step.name)

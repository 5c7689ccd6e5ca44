"""What a preview would destroy or stop. `--allow` permits each kind by its name."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from consul_on_pulumi.model.topology import Role, quorum
from consul_on_pulumi.review import agents, kv, releases
from consul_on_pulumi.review.agents import Agent, Data
from consul_on_pulumi.review.markdown import code, codes, number
from consul_on_pulumi.review.steps import Step


class Kind(Enum):
    """A kind of loss, the worst first; the value is what `--allow` takes."""

    DATA = "data-loss"
    QUORUM = "quorum"
    DOWNGRADE = "downgrade"
    NETWORK = "network"
    SEEDS = "seed-loss"


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss, in Markdown."""

    kind: Kind
    what: str


def losses(steps: Sequence[Step], found: Sequence[Agent]) -> list[Loss]:
    """What agents and seed sets lose, and downgrades; the same on every platform."""
    downgrades = [Loss(Kind.DOWNGRADE, what) for what in releases.changes(steps, downgrades=True)]
    return [*_data(found), *_quorum(found), *downgrades, *_seeds(steps)]


def refused(lost: Iterable[Loss], allowed: Collection[str]) -> list[Loss]:
    """Those of a kind that is not allowed."""
    return [loss for loss in lost if loss.kind.value not in allowed]


def _data(found: Sequence[Agent]) -> Iterator[Loss]:
    destroyed = [agent for agent in found if agent.data is Data.DESTROYED]
    if servers := [agent.name for agent in destroyed if agent.role is Role.SERVER]:
        yield Loss(Kind.DATA, f"**Destroys the data of {codes(servers)}**")
    # The cluster needs nothing of a client that is removed; a client that stays needs its node ID.
    if clients := [agent.name for agent in destroyed if agent.role is Role.CLIENT and agent.stays]:
        yield Loss(Kind.DATA, f"**Destroys the data of {codes(clients)}**: node ID and registered services")


def _quorum(found: Sequence[Agent]) -> Iterator[Loss]:
    """Servers that stay members but start without data, so many that the others have no majority."""
    for tier in agents.tiers(found, Role.SERVER).values():
        before, _ = agents.sizes(tier)
        emptied = [agent.name for agent in tier if agent.stays and agent.data is not Data.KEPT]
        if before and before - len(emptied) < quorum(before):
            text = f"**Breaks the quorum**: {codes(emptied)} of {number(before, 'server')} would start without data"
            yield Loss(Kind.QUORUM, text)


def _seeds(steps: Sequence[Step]) -> Iterator[Loss]:
    ended = [step for step in steps if step.type == kv.TYPE and step.operation in ("delete", "replace")]
    changes = kv.changes(steps) if ended else []
    removed = Counter(change.source for change in changes if change.kind == "removed")
    for step in ended:
        if count := removed[step.urn]:
            entries = "1 KV entry" if count == 1 else f"{count} KV entries"
            yield Loss(Kind.SEEDS, f"**Removes seed set {code(step.name)}** and deletes its {entries}")

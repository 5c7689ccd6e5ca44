"""The first lines of a comment: what happens to each cluster, in Consul's terms."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from consul_on_pulumi.model.topology import Role, failure_tolerance
from consul_on_pulumi.review import agents, kv, releases, security
from consul_on_pulumi.review.agents import Agent, Data
from consul_on_pulumi.review.losses import Kind, Loss
from consul_on_pulumi.review.markdown import code, codes, number
from consul_on_pulumi.review.steps import COMPONENTS, Preview, Step, clusters, mapping, name_of

_VERBS = {"create": "Adds secret files to", "delete": "Removes the secret files of"}


def headline(
    preview: Preview, found: Sequence[Agent], lost: Sequence[Loss], more: Callable[[Sequence[Step]], Iterable[str]]
) -> list[str]:
    """Markdown sentences, losses first, then those of each cluster; `more` are those of the platforms."""
    if preview.errors:
        return ["**Refused: nothing would be changed.**"]
    lines = [f"{loss.what} (`{loss.kind.value}`)" for loss in lost]
    network = any(loss.kind is Kind.NETWORK for loss in lost)
    by_cluster = clusters(preview.steps)
    for urn, steps in by_cluster.items():
        which = f"{code(_cluster_name(urn, steps))}: " if len(by_cluster) > 1 else ""
        tiers = {step.parent for step in steps}
        own = [agent for agent in found if agent.tier in tiers]
        sentences = (*_of_cluster(own, steps, network), *security.changes(steps), *more(steps))
        lines += [which + sentence for sentence in sentences]
        if changed := kv.changes(steps):
            lines += [f"{which}KV entries: {kv.counted(changed)}.", *kv.moves(changed)]
    if lines:
        return lines
    # A component is no object: the engine calls it updated where only its recorded settings differ.
    if any(step.operation != "same" and not step.type.startswith(("pulumi:", COMPONENTS)) for step in preview.steps):
        return ["No Consul agent, no data of Consul and no KV entry changes; see the resources below."]
    return ["**No change.**"]


def _cluster_name(urn: str, steps: Sequence[Step]) -> str:
    """The name in its settings, as in the names of its agents; a cluster of an older version registered none."""
    sides = [side for step in steps if step.urn == urn for side in (step.after, step.before) if side]
    names = [side.inputs.get(key) for side in sides for key in ("name", "cluster")]
    return next((str(name) for name in names if name), name_of(urn))


def _of_cluster(found: Sequence[Agent], steps: Sequence[Step], network: bool) -> Iterator[str]:
    yield from releases.changes(steps, downgrades=False)
    for role in Role:
        for tier in agents.tiers(found, role).values():
            yield from (*_size(tier, role), *_restarts(tier, role, network))


def secret_file_sentences(steps: Iterable[Step], kind: str, key: str) -> Iterator[str]:
    """One sentence for each tier whose secret files change. It shows their names where those are known, no content.

    `kind` is the type of the resources that hold the files, and `key` is the input with the files by name.
    """
    for step in steps:
        if agents.belongs(step, kind) and step.operation != "same":
            verb = _VERBS.get(step.operation, "Changes the secret files of")
            names = sorted({*mapping(step.before, key), *mapping(step.after, key)})
            listed = f": {codes(names)}" if names else ""
            yield f"{verb} {code(name_of(step.parent))}{listed}. The content is not shown."


def retained_data_sentences(changes: Collection[tuple[bool, bool]]) -> Iterator[str]:
    """Whether data stays after a destroy, where that changes; each pair is before and after, of one volume or claim."""
    if (False, True) in changes:
        yield "Data volumes now stay after `pulumi destroy` (`retain_data`)."
    if (True, False) in changes:
        yield "**Data volumes no longer stay after `pulumi destroy`** (`retain_data`)."


def _size(tier: Sequence[Agent], role: Role) -> Iterator[str]:
    before, after = agents.sizes(tier)
    change = f"{number(abs(after - before), role.value)} ({before} → {after})"
    removed = codes([agent.name for agent in tier if agent.operation == "delete"])
    if role is Role.CLIENT:
        if after > before:
            yield f"Adds {change}."
        elif after < before:
            yield f"Removes {change}: {removed} and the services that are registered there."
    elif not before:
        yield f"Creates a cluster of {number(after, 'server')}: {_tolerates(after)}."
    elif not after:
        yield f"Deletes the cluster: {number(before, 'server')}."
    elif after > before:
        yield f"Adds {change}: {_tolerates(after)}."
    elif after < before:
        yield f"Removes {change}: {removed} leave Raft one at a time. The cluster then {_tolerates(after)}."


def _restarts(tier: Sequence[Agent], role: Role, network: bool) -> Iterator[str]:
    updated = [agent for agent in tier if agent.operation in ("update", "replace")]
    if not updated:
        return
    reasons = ", ".join(dict.fromkeys(reason for agent in updated for reason in _reasons(agent)))
    what, why = number(len(updated), role.value), f" ({reasons})" if reasons else ""
    one, name = len(updated) == 1, code(updated[0].name)
    kept = not network and all(agent.data is Data.KEPT for agent in updated)
    data = f" {'Its' if one else 'Their'} data is kept." if kept else ""
    if role is Role.CLIENT:
        yield f"Restarts {what}{'' if one else ', at most `clients_at_once` at a time'}{why}."
    elif agents.sizes(tier)[0] == 1:
        yield f"Restarts {name}{why}, the only server: Consul has no leader meanwhile.{data}"
    elif not kept:
        # Their network or data is replaced as well, so no order can be promised.
        yield f"Replaces {what}{why}."
    elif one:
        yield f"Restarts {name}{why}. If it is the leader, it first hands over the leadership.{data}"
    else:
        yield (
            f"Restarts {what} one at a time{why}. Before each restart, the other servers "
            f"must have a quorum without this one, and a leader hands over the leadership.{data}"
        )


def _reasons(agent: Agent) -> Iterator[str]:
    """What changes about an agent, in Consul's terms; nothing where it is created or deleted."""
    before, after = agent.before, agent.after
    if not before or not after:
        return
    if before.image != after.image:
        yield f"image {code(before.image)} → {code(after.image)}"
    if before.configuration != after.configuration:
        yield "agent configuration"
    for key in sorted(before.rest.keys() | after.rest.keys()):
        if before.rest.get(key) != after.rest.get(key):
            yield key if key.replace(" ", "").isalpha() else code(key)


def _tolerates(servers: int) -> str:
    spare = failure_tolerance(servers)
    return f"tolerates {number(spare, 'failure')}" if spare else "**tolerates no failure**"

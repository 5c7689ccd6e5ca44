"""The first lines of a comment: what happens to each cluster, in Consul's terms."""

from collections.abc import Iterable, Iterator, Sequence

from consul_on_pulumi.model.topology import Role, failure_tolerance
from consul_on_pulumi.review import agents, kv
from consul_on_pulumi.review.agents import Agent, Data
from consul_on_pulumi.review.losses import Kind, Loss
from consul_on_pulumi.review.markdown import code, codes
from consul_on_pulumi.review.sentences import number
from consul_on_pulumi.review.steps import Preview, name_of


def headline(preview: Preview, found: Sequence[Agent], lost: Sequence[Loss], more: Iterable[str]) -> list[str]:
    """Markdown sentences, losses first; `more` are those of the platforms."""
    if preview.errors:
        return ["**Refused: nothing would be changed.**"]
    lines = [f"{loss.what} (`{loss.kind.value}`)" for loss in lost]
    network = any(loss.kind is Kind.NETWORK for loss in lost)
    for tier, which in _tiers(found, Role.SERVER):
        lines += [which + sentence for sentence in (*_servers(tier), *_restarts(tier, network))]
    for tier, which in _tiers(found, Role.CLIENT):
        lines += [which + sentence for sentence in _clients(tier)]
    lines += more
    if changed := kv.changes(preview.steps):
        lines.append(f"KV entries: {kv.counted(changed)}.")
    if lines:
        return lines
    if any(step.operation != "same" and not step.type.startswith("pulumi:") for step in preview.steps):
        return ["No Consul agent, no data of Consul and no KV entry changes; see the resources below."]
    return ["**No change.**"]


def _tiers(found: Sequence[Agent], role: Role) -> Iterator[tuple[Sequence[Agent], str]]:
    """The agents of each tier, and its name where there are several tiers."""
    tiers = agents.tiers(found, role)
    for urn, tier in tiers.items():
        yield tier, f"{code(name_of(urn))}: " if len(tiers) > 1 else ""


def _servers(tier: Sequence[Agent]) -> Iterator[str]:
    before, after = agents.sizes(tier)
    if not before:
        yield f"Creates a cluster of {number(after, 'server')}: {_tolerates(after)}."
    elif not after:
        yield f"Deletes the cluster: {number(before, 'server')}."
    elif after > before:
        yield f"Adds {number(after - before, 'server')} ({before} → {after}): {_tolerates(after)}."
    elif after < before:
        removed = [agent.name for agent in agents.of(tier, Role.SERVER, "delete")]
        yield (
            f"Removes {number(before - after, 'server')} ({before} → {after}): {codes(removed)} "
            f"leave Raft one at a time. The cluster then {_tolerates(after)}."
        )


def _restarts(tier: Sequence[Agent], network: bool) -> Iterator[str]:
    updated = agents.of(tier, Role.SERVER, "replace", "update")
    if not updated:
        return
    kept = not network and all(agent.data is Data.KEPT for agent in updated)
    whose = "Its" if len(updated) == 1 else "Their"
    why, data = _because(updated), f" {whose} data is kept." if kept else ""
    if agents.sizes(tier)[0] == 1:
        yield f"Restarts {code(updated[0].name)}{why}, the only server: Consul has no leader meanwhile.{data}"
    elif not kept:
        # Their network or data is replaced as well, so no order can be promised.
        yield f"Replaces {number(len(updated), 'server')}{why}."
    elif len(updated) == 1:
        yield f"Restarts {code(updated[0].name)}{why}. If it is the leader, it first hands over the leadership.{data}"
    else:
        yield (
            f"Restarts {number(len(updated), 'server')} one at a time{why}. Before each restart, the other servers "
            f"must have a quorum without this one, and a leader hands over the leadership.{data}"
        )


def _clients(tier: Sequence[Agent]) -> Iterator[str]:
    before, after = agents.sizes(tier)
    if after > before:
        yield f"Adds {number(after - before, 'client')} ({before} → {after})."
    elif after < before:
        removed = [agent.name for agent in agents.of(tier, Role.CLIENT, "delete")]
        what = f"{codes(removed)} and the services that are registered there"
        yield f"Removes {number(before - after, 'client')} ({before} → {after}): {what}."
    if updated := agents.of(tier, Role.CLIENT, "replace", "update"):
        order = " one at a time" if len(updated) > 1 else ""
        yield f"Restarts {number(len(updated), 'client')}{order}{_because(updated)}."


def _because(changed: Iterable[Agent]) -> str:
    reasons = dict.fromkeys(reason for agent in changed for reason in agent.reasons)
    return f" ({', '.join(map(_reason, reasons))})" if reasons else ""


def _reason(text: str) -> str:
    word, _, rest = text.partition(" ")
    if word != "image":
        return code(text) if not text.replace(" ", "").isalpha() else text
    return "image " + " → ".join(map(code, rest.split(" → ")))


def _tolerates(servers: int) -> str:
    spare = failure_tolerance(servers)
    return f"tolerates {number(spare, 'failure')}" if spare else "**tolerates no failure**"

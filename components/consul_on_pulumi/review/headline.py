"""The first lines of a comment: what happens to the cluster, in Consul's terms."""

from collections.abc import Iterable, Iterator, Sequence

from consul_on_pulumi.model.topology import Role, failure_tolerance
from consul_on_pulumi.platforms.docker import review as docker_review
from consul_on_pulumi.platforms.kubernetes import review as kubernetes_review
from consul_on_pulumi.review import agents, kv, secret_files
from consul_on_pulumi.review.agents import Agent, Data
from consul_on_pulumi.review.events import Preview, Step
from consul_on_pulumi.review.losses import Kind, Loss
from consul_on_pulumi.review.markdown import code, codes


def headline(preview: Preview, found: Sequence[Agent], lost: Sequence[Loss]) -> list[str]:
    """Markdown sentences, losses first."""
    if preview.errors:
        return ["**Refused: nothing would be changed.**"]
    lines = [f"{loss.what[:2]}{loss.what[2].upper()}{loss.what[3:]} (`{loss.kind.value}`)" for loss in lost]
    network = any(loss.kind is Kind.NETWORK for loss in lost)
    for some, of in _tiers(found, Role.SERVER):
        lines += [*_servers(some, of), *_rolls(some, of, network)]
    for some, of in _tiers(found, Role.CLIENT):
        lines += _clients(some, of)
    lines += [*_workloads(preview.steps), *secret_files.sentences(preview.steps), *_kept(preview.steps)]
    if changed := kv.changes(preview.steps):
        lines.append(f"KV entries: {kv.counted(changed)}.")
    if lines:
        return lines
    if any(step.operation != "same" and not step.type.startswith("pulumi:") for step in preview.steps):
        return ["No agent, no data and no KV entry changes; see the resources below."]
    return ["**No change.**"]


def _tiers(found: Sequence[Agent], role: Role) -> Iterator[tuple[Sequence[Agent], str]]:
    """The agents of each cluster, and words that tell which one where there are several."""
    tiers = agents.tiers(found, role)
    for name, some in tiers.items():
        yield some, f" of {code(name)}" if len(tiers) > 1 else ""


def _servers(found: Sequence[Agent], of: str) -> Iterator[str]:
    before, after = agents.sizes(found, Role.SERVER)
    if not before:
        yield f"Creates a cluster of {_number(after, 'server')}{of}: {_tolerates(after)}."
    elif not after:
        yield f"Removes the cluster: {_number(before, 'server')}{of}."
    elif after > before:
        yield f"Adds {_number(after - before, 'server')}{of} ({before} → {after}): {_tolerates(after)}."
    elif after < before:
        gone = [agent.name for agent in agents.of(found, Role.SERVER, "delete")]
        how = f"removes {codes(gone)}, which leave Raft one by one"
        yield f"Scales down to {_number(after, 'server')}{of} ({before} → {after}): {how}; then {_tolerates(after)}."


def _rolls(found: Sequence[Agent], of: str, network: bool) -> Iterator[str]:
    updated = agents.of(found, Role.SERVER, "replace", "update")
    kept = all(agent.data is Data.KEPT for agent in updated)
    why = f"{_because(updated)}{'; no data touched' if kept and not network else ''}."
    if not updated:
        return
    if agents.sizes(found, Role.SERVER)[0] == 1:
        yield f"Restarts {code(updated[0].name)}, the only server: no leader meanwhile{why}"
    elif network or not kept:
        # What they stand on goes as well, so no order can be promised.
        yield f"Replaces {_number(len(updated), 'server')}{of}{why}"
    elif len(updated) == 1:
        yield f"Restarts {code(updated[0].name)} after the leadership was handed over{why}"
    else:
        order = "one by one, each when the others can do without it and after the leadership was handed over"
        yield f"Rolls {_number(len(updated), 'server')}{of} {order}{why}"


def _clients(found: Sequence[Agent], of: str) -> Iterator[str]:
    before, after = agents.sizes(found, Role.CLIENT)
    if after > before:
        yield f"Adds {_number(after - before, 'client')}{of} ({before} → {after})."
    elif after < before:
        gone = [agent.name for agent in agents.of(found, Role.CLIENT, "delete")]
        yield f"Removes {codes(gone)} ({before} → {after} clients), with what is registered there."
    if updated := agents.of(found, Role.CLIENT, "replace", "update"):
        order = " one by one" if len(updated) > 1 else ""
        yield f"Restarts {_number(len(updated), 'client')}{of}{order}{_because(updated)}."


def _workloads(steps: Sequence[Step]) -> Iterator[str]:
    for step in kubernetes_review.clients(steps):
        verb = {"create": "Starts", "delete": "Removes"}.get(step.operation, "Rolls")
        yield f"{verb} the clients of {code(step.name)}."


def _kept(steps: Sequence[Step]) -> Iterator[str]:
    """Whether data outlives the cluster, where that is what changes."""
    held = [
        (step.before.retained, step.after.retained)
        for step in steps
        if step.type == docker_review.VOLUME and step.operation == "same" and step.before and step.after
    ]
    held += [
        (kubernetes_review.keeps(step.before, "whenDeleted"), kubernetes_review.keeps(step.after, "whenDeleted"))
        for step in steps
        if step.type == kubernetes_review.STATEFUL_SET and step.operation == "update"
    ]
    if (False, True) in held:
        yield "Data volumes outlive `destroy` from now on (`retain_data`)."
    if (True, False) in held:
        yield "**Data volumes no longer outlive `destroy`** (`retain_data`)."


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
    return f"tolerates {_number(spare, 'failure')}" if spare else "**tolerates no failure**"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"

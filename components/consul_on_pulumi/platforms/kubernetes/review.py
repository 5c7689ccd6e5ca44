"""Agents that are pods: the servers of a StatefulSet, and the clients of a Deployment or a DaemonSet."""

from collections.abc import Iterator, Mapping, Sequence

from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.review.agents import Agent, Data, Side, belongs
from consul_on_pulumi.review.headline import retained_data_sentences, secret_file_sentences
from consul_on_pulumi.review.losses import Kind, Loss
from consul_on_pulumi.review.markdown import code
from consul_on_pulumi.review.steps import DYNAMIC, State, Step, mapping, same_place, sequence

STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"
CLIENTS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:DaemonSet")
ROLLOUT = f"{DYNAMIC}ServerRollout"
_VERBS = {"create": "Creates", "delete": "Deletes", "replace": "Replaces"}


def agents(steps: Sequence[Step]) -> list[Agent]:
    """Every server, by ordinal. A preview does not show the single clients: see `sentences`."""
    sets = {step.parent: step for step in steps if belongs(step, STATEFUL_SET)}
    return [agent for step in steps if step.type == ROLLOUT for agent in _servers(step, sets.get(step.parent))]


def losses(steps: Sequence[Step]) -> Iterator[Loss]:
    """The namespace of a cluster, also one that is somebody else's resource, and the StatefulSet of its servers."""
    sets = [step for step in steps if belongs(step, STATEFUL_SET)]
    namespaces = [(mapping(step.before, "metadata").get("namespace"), step) for step in sets]
    for step in steps:
        if step.operation not in ("delete", "replace") or (step.before and step.before.retained):
            continue
        used = any(name == step.object_name and same_place(step, one, steps) for name, one in namespaces)
        if step.type == NAMESPACE and (step.component == "ConsulCluster" or used):
            yield Loss(Kind.DATA, f"**Deletes namespace {code(step.object_name)} and every volume claim in it**")
        elif belongs(step, STATEFUL_SET):
            rest = "are kept" if _retains(step.before) else "are deleted as well"
            what = f"**Deletes StatefulSet {code(step.object_name)} and stops its servers**"
            yield Loss(Kind.DATA, f"{what}; its volume claims {rest}")


def sentences(steps: Sequence[Step]) -> Iterator[str]:
    """Clients, secret files, and whether volume claims stay after a destroy."""
    for step in steps:
        if belongs(step, *CLIENTS) and step.operation != "same":
            kind = step.type.rpartition(":")[2]
            yield f"{_VERBS.get(step.operation, 'Updates')} the clients of {kind} {code(step.object_name)}."
    yield from secret_file_sentences(steps, SECRET, "data")
    sets = [step for step in steps if belongs(step, STATEFUL_SET) and step.operation == "update"]
    yield from retained_data_sentences([(_retains(one.before), _retains(one.after)) for one in sets])


def _retains(state: State | None) -> bool:
    """Whether a StatefulSet keeps its claims `whenDeleted`; keeping them is Kubernetes' default."""
    policy = mapping(state, "spec").get("persistentVolumeClaimRetentionPolicy")
    return not isinstance(policy, Mapping) or policy.get("whenDeleted") != "Delete"


def _servers(rollout: Step, stateful_set: Step | None) -> list[Agent]:
    before, after = sequence(rollout.before, "names"), sequence(rollout.after, "names")
    deleted = stateful_set is not None and stateful_set.operation in ("delete", "replace")
    updated = _updated(rollout)
    # ScaleDown deletes the claim of a server that it removes, whatever the StatefulSet says.
    retained = stateful_set is None or (deleted and _retains(stateful_set.before))
    lost = Data.RETAINED if retained else Data.DESTROYED
    found = []
    for name in dict.fromkeys([*before, *after]):
        operation = "create" if name not in before else "delete" if name not in after else "same"
        if operation == "same" and (deleted or name in updated):
            operation = "replace"
        data = Data.CREATED if operation == "create" else lost if deleted or operation == "delete" else Data.KEPT
        earlier = _side(rollout.before) if name in before else None
        later = _side(rollout.after) if name in after else None
        found.append(Agent(name, Role.SERVER, rollout.parent, operation, data, earlier, later))
    return found


def _updated(rollout: Step) -> Sequence[str]:
    """The servers whose pods are replaced. The provider names them in the diff, where it could ask for the pods."""
    after = sequence(rollout.after, "names")
    if rollout.operation not in ("update", "replace"):
        return []
    if named := {path for path in rollout.paths if path.startswith("names[")}:
        return [name for ordinal, name in enumerate(after) if f"names[{ordinal}]" in named]
    if _differs(rollout, "spec_hash"):
        return after
    return [] if rollout.paths or _differs(rollout, "names") else after


def _side(state: State | None) -> Side | None:
    return Side(str(state.inputs.get("image", "")), mapping(state, "configuration")) if state else None


def _differs(step: Step, key: str) -> bool:
    return bool(step.before and step.after and step.before.inputs.get(key) != step.after.inputs.get(key))

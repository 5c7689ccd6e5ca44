"""Claims that go when their pods end. A pod keeps such a claim as long as it runs, and nothing shows that."""

from collections.abc import Sequence

from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.model.rollout import ClusterView
from consul_on_pulumi.model.topology import quorum
from consul_on_pulumi.platforms.kubernetes.api.api_server import Object
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import CLAIM, StatefulSet
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.provider import Properties

WAY_OUT = (
    "Save the data (`consul-on-pulumi snapshot`). Then raise `servers`, so that other servers have it too, or delete "
    "the pod by hand and restore the snapshot"
)


def doomed(stateful_set: StatefulSet, names: Sequence[str]) -> dict[str, str]:
    """The servers among `names` whose claim does not outlive their pod, each with a sentence that says why."""
    pods = stateful_set.pods(names)
    claims = {name: stateful_set.claim(f"{CLAIM}-{name}") for name in pods}
    return {
        name: f"claim {CLAIM}-{name} of namespace {stateful_set.namespace} {reason}, so what {name} stores "
        f"is lost when its pod ends{_volume(stateful_set, claim)}"
        for name, claim in claims.items()
        if (reason := _reason(claim))
    }


def refusal(stateful_set: StatefulSet, server: str, view: ClusterView | None) -> str | None:
    """Why the pod of `server` must not end now, or None: its claim goes with it, and the others could not go on."""
    if view and view.led and not rollout.loses_quorum(server, view):
        return None
    found = doomed(stateful_set, [server])
    return f"{found[server]}; no other servers have it. No pod was replaced. {WAY_OUT}" if found else None


def problems(props: Properties, *, rolls: bool) -> list[str]:
    """Why the pods of these servers must not be replaced one after the other; `props` are those of a ServerRollout.

    Warns about each claim that goes with its pod and refuses nothing.
    """
    stateful_set, names = StatefulSet(props), props["names"]
    found = doomed(stateful_set, names)
    view = Servers(names, props["addresses"], connection_of(props)).view() if found and rolls else None
    refused = [reason for name in found if rolls and (reason := refusal(stateful_set, name, view))]
    if not refused:
        for sentence in found.values():
            engine_log.warn(sentence)
    return refused


def refusal_before_scale_down(stateful_set: StatefulSet, staying: Sequence[str]) -> str | None:
    """Why the other servers must not be removed, or None: too few of those that stay would keep their data."""
    found = doomed(stateful_set, staying)
    if len(staying) - len(found) >= quorum(len(staying)):
        return None
    return (
        f"{'; '.join(found.values())}. No server was removed. Replace these servers one by one before you remove others"
    )


def _reason(claim: Object | None) -> str:
    if claim is None:
        return "does not exist any more"
    metadata = claim["metadata"]
    if "deletionTimestamp" in metadata:
        return f"has been marked for deletion since {metadata['deletionTimestamp']}"
    if claim.get("status", {}).get("phase") == "Lost":
        return "has lost its volume"
    if any(owner["kind"] == "Pod" for owner in metadata.get("ownerReferences", [])):
        return "belongs to its pod"
    return ""


def _volume(stateful_set: StatefulSet, claim: Object | None) -> str:
    name = (claim or {}).get("spec", {}).get("volumeName")
    policy = stateful_set.reclaim_policy(name) if name else None
    return f" (volume {name}, reclaim policy {policy})" if policy else ""

"""ServerRollout: replaces outdated pods of the servers' StatefulSet, one at a time."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, UpdateResult

from consul_on_pulumi.consul.rollout import (
    LEADER_TIMEOUT,
    STOPPED,
    RolloutStoppedError,
    has_leader,
    wait_until_replaceable,
)
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.kubernetes.api.api_server import if_answered
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers import doomed_claims, outdated_pods, voters, workload_exists
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import leave_raft, not_ready_reasons
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.detailed_diff import note_changes
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

SHOWN = ("names", "spec_hash", "image", "configuration", "revision")
"""The inputs whose differences a preview shows."""


class ServerGroup(TypedDict):
    """All servers of one StatefulSet."""

    names: Sequence[str]
    """Node names, by ordinal; the pods have the same names."""
    addresses: Sequence[pulumi.Input[str]]
    """Where the program reaches each server's own HTTP API (consul/access.py), in the same order."""
    spec_hash: pulumi.Input[str]
    """Digest of the whole specification of a server's pod."""
    image: pulumi.Input[str]
    """Only for the preview: the image of the servers,"""
    configuration: Mapping[str, pulumi.Input[str]]
    """and their configuration, file name to content, without secrets."""


class ServerRolloutProvider(ConsulProvider):
    """The StatefulSet replaces no pod by itself (`OnDelete`): this deletes each when the others have a quorum."""

    compared = ("names", "spec_hash")

    def problems(self, olds: Properties, news: Properties) -> list[str]:
        """A rollout that would take along what Consul stores, and a StatefulSet that is gone."""
        # Servers that are added have the data before the first pod is replaced.
        grows = len(news["names"]) > len(olds.get("names", ()))
        rolls = not grows and (self.differs(olds, news) or bool(outdated_pods.waiting(olds, news).outdated))
        lost = if_answered(lambda: doomed_claims.problems(news, rolls=rolls)) or []
        return workload_exists.problems(olds, news) + lost

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update if the specification or the size changed, if an earlier rollout left outdated pods, or if the
        StatefulSet changed since the last rollout. It notes the pods that will be replaced as `names[ORDINAL]`."""
        work = outdated_pods.waiting(olds, news)
        changes = self.differs(olds, news) or work.changed or bool(work.outdated)
        if changes:
            rolled = [f"names[{news['names'].index(name)}]" for name in work.outdated if name in news["names"]]
            before, after = ({key: props.get(key) for key in SHOWN} for props in (olds, news))
            note_changes(before, after, ["configuration"], [*rolled, *(["version"] if work.changed else [])])
        if work.missing:
            engine_log.warn(
                f"StatefulSet {olds['namespace']}/{olds['stateful_set']} asks for {work.replicas} pods and not for "
                f"{len(olds['names'])}: somebody scaled it. `pulumi up` starts {', '.join(work.missing)} again; "
                "if Consul has no leader then, run `consul-on-pulumi recover`"
            )
        if work.silent and not changes:
            engine_log.warn(
                f"pods in {olds['namespace']} are not ready, although nothing has to change: {', '.join(work.silent)}. "
                f"Their logs say why (`kubectl --namespace {olds['namespace']} logs POD`)"
            )
        return DiffResult(changes=changes)

    def create(self, props: Properties) -> CreateResult:
        """Replace outdated pods that a failed update left. A new cluster has none, and Voters waits for it."""
        return CreateResult(props["stateful_set"], {**props, "version": _replace_outdated(props)})

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Start servers that somebody scaled away, replace outdated pods, and wait until all servers are voters."""
        version = _replace_outdated(news)
        voters.wait_for_all(news)
        return UpdateResult({**news, "version": version})

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Find out whether the StatefulSet still exists."""
        return workload_exists.read(id_, props)


class ServerRollout(ProviderResource, module="consul-on-pulumi", name="ServerRollout"):
    """Exists when all servers have the specification of the StatefulSet; depends on the StatefulSet."""

    def __init__(self, name: str, server_group: ServerGroup, workload: Workload, opts: pulumi.ResourceOptions) -> None:
        """`workload` is the StatefulSet of the `server_group`."""
        super().__init__(ServerRolloutProvider(), name, {**server_group, **workload}, opts)


def _replace_outdated(props: Properties) -> str:
    """Returns the version of the StatefulSet whose pods run now."""
    names, stateful_set = props["names"], StatefulSet(props)
    servers = Servers(names, props["addresses"], connection_of(props))
    if outdated_pods.wait_for_controller(stateful_set).replicas < len(names):
        stateful_set.scale(len(names))
    version = outdated_pods.wait_for_controller(stateful_set).version
    _wait_for_new(servers, stateful_set, props)
    replaced: list[str] = []
    while outdated := outdated_pods.find(stateful_set, names, props["spec_hash"]):
        if again := [name for name in outdated if name in replaced]:
            raise RolloutStoppedError(
                f"{', '.join(again)} was replaced and still differs from the settings: somebody else changed the "
                "StatefulSet, so run `pulumi refresh` and `pulumi up`"
            )
        view = servers.accepted_view()
        down = [name for name, pod in outdated.items() if not pod.ready and not view.votes(name)]
        leaving = rollout.next_to_replace(list(outdated), down, view)
        order = [*(name for name in names if name not in outdated), leaving]
        order += [name for name in outdated if name != leaving]
        _replace(servers, stateful_set, order, outdated[leaving], down=leaving in down)
        replaced.append(leaving)
    return version


def _replace(servers: Servers, stateful_set: StatefulSet, order: list[str], pod: Pod, *, down: bool) -> None:
    leaving = pod.name
    view = servers.wait_for(has_leader, LEADER_TIMEOUT)
    if reason := doomed_claims.refusal(stateful_set, leaving, view):
        raise RolloutStoppedError(reason)
    if view and not down:
        wait_until_replaceable(servers, order, leaving)
        # The new pod has another address. The other agents refuse its name there for half a minute (memberlist,
        # DeadNodeReclaimTime) unless the old one left. A server whose loss would lose the quorum stays a voter.
        if not rollout.loses_quorum(leaving, view) and not leave_raft(servers, leaving):
            raise RolloutStoppedError(
                f"{leaving} did not leave Raft{servers.refused(leaving)} and was not replaced: run `pulumi up` again"
            )
    stateful_set.delete_pod(leaving, pod.uid)
    if reasons := not_ready_reasons(servers, stateful_set, [leaving], {leaving: pod.uid}, led=view is not None):
        raise RolloutStoppedError(STOPPED.format(reason=reasons))


def _wait_for_new(servers: Servers, stateful_set: StatefulSet, props: Properties) -> None:
    """Wait for pods that need no replacement and do not run yet, before one that runs is replaced."""
    names = props["names"]
    outdated, pods = outdated_pods.find(stateful_set, names, props["spec_hash"]), stateful_set.pods(names)
    new = [name for name in names if name not in outdated and not (name in pods and pods[name].ready)]
    if not outdated or not new:
        return
    if reasons := not_ready_reasons(servers, stateful_set, new, {}, led=has_leader(servers.view())):
        raise RolloutStoppedError(STOPPED.format(reason=reasons))

"""ScaleDown: runs before an update of the StatefulSet. Superfluous servers leave Raft first, one at a time."""

import time

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.kubernetes.api.api_server import if_answered
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import CLAIM, StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.providers import doomed_claims, prerequisites
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import INTERVAL, TIMEOUT, leave_raft
from consul_on_pulumi.platforms.kubernetes.providers.prerequisites import Prerequisites
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ScaleDownProvider(ConsulProvider):
    """The controller would delete all superfluous pods at once, and Raft would count them as failed."""

    compared = ("replicas", "address")

    def problems(self, olds: Properties, news: Properties) -> list[str]:
        """Servers cannot be removed if those that stay would not keep the data, nor added if what they need does not
        exist."""
        before = olds.get("replicas", 0)
        if news["replicas"] > before:
            return prerequisites.problems(news)
        reason = if_answered(lambda: _refusal(news)) if news["replicas"] < before else None
        return [reason] if reason else []

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether somebody scaled the StatefulSet to more replicas."""
        status = if_answered(StatefulSet(news).status)
        return status is not None and status.replicas > news["replicas"]

    def create(self, props: Properties) -> CreateResult:
        """Remove the servers with the highest ordinals until the number is right; a new cluster has none to remove."""
        stateful_set, replicas = StatefulSet(props), int(props["replicas"])
        status = stateful_set.status()
        surplus = range(replicas, int(status.replicas) if status else 0)
        if surplus and (reason := _refusal(props)):
            raise RolloutStoppedError(reason)
        for ordinal in reversed(surplus):
            names = [f"{stateful_set.name}-{each}" for each in range(ordinal + 1)]
            servers = Servers(names, [props["address"].format(pod=name) for name in names], connection_of(props))
            _remove_last(servers, stateful_set, names)
        return CreateResult(props["stateful_set"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Do the same, and delete the claims that an interrupted update, or somebody who scaled by hand, left: a server
        that is added again later begins empty."""
        result = self.create(news)
        stateful_set = StatefulSet(news)
        for ordinal in range(int(news["replicas"]), int(olds["replicas"])):
            _wait_until_deleted(stateful_set, f"{stateful_set.name}-{ordinal}")
        return UpdateResult(result.outs)


class ScaleDown(ProviderResource, module="consul-on-pulumi", name="ScaleDown"):
    """The StatefulSet depends on this, so its update never reduces the replicas."""

    replicas: pulumi.Output[int]
    """How many servers have not left Raft. The StatefulSet has no other number, also where `--target` leaves this
    resource out."""

    def __init__(
        self,
        name: str,
        replicas: int,
        address: pulumi.Input[str],
        workload: Workload,
        needs: Prerequisites,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`address` is where the program reaches a server, with `{pod}` for its name."""
        props = {"replicas": replicas, "address": address, **workload, **needs}
        super().__init__(ScaleDownProvider(), name, props, opts)


def _refusal(props: Properties) -> str | None:
    stateful_set = StatefulSet(props)
    staying = [f"{stateful_set.name}-{ordinal}" for ordinal in range(int(props["replicas"]))]
    return doomed_claims.refusal_before_scale_down(stateful_set, staying)


def _remove_last(servers: Servers, stateful_set: StatefulSet, names: list[str]) -> None:
    """Make the last of `names` transfer leadership and leave Raft, then delete its pod and its claim."""
    *staying, leaving = names
    view = rollout.require_quorum_without(servers, leaving)
    rollout.transfer_leadership(servers, names, leaving, view)
    if leaving in view.status and not leave_raft(servers, leaving):
        raise RolloutStoppedError(
            f"{leaving} did not leave Raft{servers.refused(leaving)} and was not removed: run `pulumi up` again"
        )
    stateful_set.scale(len(staying))
    _wait_until_deleted(stateful_set, leaving)
    rollout.remove_member(servers, leaving)


def _wait_until_deleted(stateful_set: StatefulSet, name: str) -> None:
    """Wait until the pod is gone, then delete its claim, which the StatefulSet keeps."""
    deadline, asked = time.monotonic() + TIMEOUT, False
    while True:
        pods, claim = stateful_set.pods([name]), stateful_set.claim(f"{CLAIM}-{name}")
        if not pods and claim is None:
            return
        if claim and not pods and not asked:
            stateful_set.delete_claim(claim)
            asked = True
        if time.monotonic() > deadline:
            raise RolloutStoppedError(
                f"the pod or the claim of {name} still exists after {TIMEOUT:.0f} s: run `pulumi up` again"
            )
        time.sleep(INTERVAL)

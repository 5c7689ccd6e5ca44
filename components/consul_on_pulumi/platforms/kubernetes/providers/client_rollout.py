"""ClientRollout: waits until all pods of the clients' Deployment or DaemonSet have the new specification."""

import time

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.api.api_server import if_answered
from consul_on_pulumi.platforms.kubernetes.api.client_workload import Clients, ClientWorkload, Progress
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import INTERVAL, Deadline
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ClientRolloutProvider(ConsulProvider):
    """The controller replaces the pods; this reports early why they do not run."""

    compared = ("spec_hash", "kind", "replicas")

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether the workload changed since the last rollout that completed: an update that failed is then reverted,
        and its rollout is waited for as well. An old state may hold no version."""
        progress, known = if_answered(Clients(news).progress), olds.get("version")
        return bool(progress and known and progress.version != known)

    def create(self, props: Properties) -> CreateResult:
        """Wait until all clients have the new specification."""
        return CreateResult(props["workload"], {**props, "version": _wait_for_all(Clients(props))})


class ClientRollout(ProviderResource, module="consul-on-pulumi", name="ClientRollout"):
    """Resources that need clients depend on this; it depends on the workload and on voters."""

    def __init__(self, name: str, which: ClientWorkload, replicas: int | None, opts: pulumi.ResourceOptions) -> None:
        """`replicas` is the number of clients; None for a DaemonSet, which has one on each node."""
        super().__init__(ClientRolloutProvider(), name, {**which, "replicas": replicas}, opts)


def _wait_for_all(clients: Clients) -> str:
    """Wait until the rollout is complete; returns the version of the workload."""
    timeout, available = Deadline(), 0
    while progress := timeout.retry(clients.progress):
        if progress.finished:
            return progress.version
        if progress.available > available:
            # Many nodes are updated one after the other; that takes long and is no failure.
            timeout, available = Deadline(), progress.available
        not_ready = [pod for pod in timeout.retry(clients.pods) if not pod.ready]
        if timeout.expired(not_ready):
            reasons = _explained(clients, progress, not_ready)
            raise RolloutStoppedError(f"{reasons}. Correct the settings and run `pulumi up` again")
        time.sleep(INTERVAL)
    raise RolloutStoppedError(
        f"{clients.name} was deleted by somebody else: run `pulumi refresh`, then `pulumi up` again"
    )


def _explained(clients: Clients, progress: Progress, not_ready: list[Pod]) -> str:
    reasons = [f"{pod.name}: {pod.problem or 'knows no leader'}" for pod in not_ready]
    reasons += [problem] if (problem := clients.problem()) else []
    count = f"{clients.name}: {progress.available} of {progress.wanted} clients run the new specification"
    return f"{count} ({'; '.join(reasons)})" if reasons else count

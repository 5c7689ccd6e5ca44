"""ClientRollout: stands behind the clients' Deployment or DaemonSet, and waits until all of its pods are what it says."""

import time

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.api.client_workload import Clients, ClientWorkload, Progress
from consul_on_pulumi.platforms.kubernetes.api.pod_status import Pod
from consul_on_pulumi.platforms.kubernetes.providers.pod_readiness import INTERVAL, Deadline
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ClientRolloutProvider(ConsulProvider):
    """The controller replaces the pods; this says early why they do not run."""

    compared = ("spec_hash", "kind", "replicas")

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another description, another number, another kind of workload, or the way back from an update that failed."""
        if self.differs(olds, news):
            return DiffResult(changes=True)
        try:
            progress = Clients(news).progress()
        except (RefusedError, UnreachableError):
            progress = None
        # What is not known is no change; a state that is older than this code has no version.
        known = olds.get("version")
        return DiffResult(changes=bool(progress and known and progress.version != known))

    def create(self, props: Properties) -> CreateResult:
        """Wait for all clients."""
        return CreateResult(props["workload"], {**props, "version": _await_all(Clients(props))})

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Wait until all clients are replaced."""
        return UpdateResult({**news, "version": _await_all(Clients(news))})


class ClientRollout(ProviderResource, module="consul-on-pulumi", name="ClientRollout"):
    """What has to be true of clients that need them; depends on their workload, and on servers that vote."""

    def __init__(
        self, name: str, which: ClientWorkload, replicas: int | None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`replicas` says how many there are to be, or None where Kubernetes counts the nodes."""
        super().__init__(ClientRolloutProvider(), name, {**which, "replicas": replicas}, opts)


def _await_all(clients: Clients) -> str:
    timeout, available = Deadline(), 0
    while progress := timeout.asked(clients.progress):
        if progress.finished:
            return progress.version
        if progress.available > available:
            # Many nodes take long, one after the other, and that is no reason to stop.
            timeout, available = Deadline(), progress.available
        lacking = [pod for pod in timeout.asked(clients.pods) if not pod.ready]
        if timeout.is_over(lacking):
            raise RolloutStoppedError(f"{_explained(clients, progress, lacking)}. Correct it and run `pulumi up` again")
        time.sleep(INTERVAL)
    raise RolloutStoppedError(
        f"{clients.name} was deleted by somebody else: run `pulumi refresh`, then `pulumi up` again"
    )


def _explained(clients: Clients, progress: Progress, lacking: list[Pod]) -> str:
    words = [f"{pod.name}: {pod.problem or 'knows no leader'}" for pod in lacking]
    words += [problem] if (problem := clients.problem()) else []
    count = f"{clients.name}: {progress.available} of {progress.wanted} clients are as the settings say"
    return f"{count} ({'; '.join(words)})" if words else count

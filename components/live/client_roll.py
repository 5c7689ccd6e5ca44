"""ClientRoll: stands behind the clients' Deployment or DaemonSet, and waits until all of its pods are what it says."""

import time
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.live.api import RefusedError, UnreachableError
from components.live.client_workload import Clients, ClientWorkload, Progress
from components.live.pod_status import Pod
from components.live.pods import INTERVAL, Patience
from components.live.turn import RollStoppedError

REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""

Properties = dict[str, Any]
"""The keys of a ClientWorkload, with `replicas` and `revision`; as outputs also the `version` that was waited for."""


class ClientRollProvider(ResourceProvider):
    """The controller replaces the pods; this says early why they do not run."""

    serialize_as_secret_always = False

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another description, another number, another kind of workload, or the way back from an update that failed."""
        if any(olds.get(key) != news.get(key) for key in ("definition", "kind", "replicas", "revision")):
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


class ClientRoll(Resource, module="consul-on-pulumi", name="ClientRoll"):
    """What has to be true of clients that need them; depends on their workload, and on servers that vote."""

    def __init__(
        self, name: str, which: ClientWorkload, replicas: int | None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`replicas` says how many there are to be, or None where Kubernetes counts the nodes."""
        super().__init__(ClientRollProvider(), name, {**which, "replicas": replicas, "revision": REVISION}, opts)


def _await_all(clients: Clients) -> str:
    patience, available = Patience(), 0
    while progress := patience.asked(clients.progress):
        if progress.finished:
            return progress.version
        if progress.available > available:
            # Many nodes take long, one after the other, and that is no reason to stop.
            patience, available = Patience(), progress.available
        lacking = [pod for pod in patience.asked(clients.pods) if not pod.ready]
        if patience.is_over(lacking):
            raise RollStoppedError(f"{_explained(clients, progress, lacking)}. Correct it and run `pulumi up` again")
        time.sleep(INTERVAL)
    raise RollStoppedError(f"{clients.name} was deleted by somebody else: run `pulumi refresh`, then `pulumi up` again")


def _explained(clients: Clients, progress: Progress, lacking: list[Pod]) -> str:
    words = [f"{pod.name}: {pod.trouble or 'knows no leader'}" for pod in lacking]
    words += [trouble] if (trouble := clients.trouble()) else []
    count = f"{clients.name}: {progress.available} of {progress.wanted} clients are as the settings say"
    return f"{count} ({'; '.join(words)})" if words else count

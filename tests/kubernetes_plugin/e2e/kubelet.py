"""What a kubelet says of Pods, without a node: each becomes what its annotation `test/kubelet` says."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from kubernetes import client, config

BEHAVIOUR = "test/kubelet"


def condition(kind: str, status: str, **more: str) -> dict[str, str]:
    return {"type": kind, "status": status} | more


def container(state: dict[str, Any], *, ready: bool) -> dict[str, Any]:
    return {"name": "main", "image": "i", "imageID": "", "ready": ready, "restartCount": 0, "state": state}


READY: dict[str, Any] = {
    "phase": "Running",
    "podIP": "10.9.0.1",
    "podIPs": [{"ip": "10.9.0.1"}],
    "conditions": [condition("Ready", "True"), condition("PodScheduled", "True")],
    "containerStatuses": [container({"running": {}}, ready=True)],
}
NO_IMAGE: dict[str, Any] = {
    "phase": "Pending",
    "conditions": [condition("Ready", "False", reason="ContainersNotReady"), condition("PodScheduled", "True")],
    "containerStatuses": [
        container({"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "i"'}}, ready=False)
    ],
}
STATUSES = {
    "ready": READY,
    "no-image": NO_IMAGE,
    "succeed": {"phase": "Succeeded", "conditions": [condition("Ready", "False", reason="PodCompleted")]},
    "fail": {"phase": "Failed", "conditions": [condition("Ready", "False", reason="PodFailed")]},
}


class Kubelet:
    """A thread that plays it."""

    def __init__(self, kubeconfig: Path) -> None:
        self._api = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Kubelet":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(0.1):
            for pod in self._api.list_pod_for_all_namespaces().items:
                behaviour = (pod.metadata.annotations or {}).get(BEHAVIOUR)
                if behaviour and pod.status.phase == "Pending" and not pod.status.container_statuses:
                    try:
                        self._api.patch_namespaced_pod_status(
                            pod.metadata.name, pod.metadata.namespace, {"status": STATUSES[behaviour]}
                        )
                    except client.ApiException as error:
                        # Deleted in between.
                        if error.status not in (404, 409):
                            raise

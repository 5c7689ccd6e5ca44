"""Commands in the container of a pod, as `kubectl exec` runs them."""

import requests

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.platforms.kubernetes.api import answers, kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster

TIMEOUT = 30.0
"""Seconds for one command."""


def run(cluster: Cluster, namespace: str, pod: str, command: str) -> None:
    """Run a command of the shell. Raises UnreachableError if the API server does not answer, RefusedError if it refuses
    or the command fails."""
    try:
        configuration = kubeconfig.access(cluster)
    except requests.RequestException as error:
        raise UnreachableError(answers.silence(error)) from error
    from kubernetes.client import ApiClient, ApiException, CoreV1Api
    from kubernetes.stream import stream

    api = CoreV1Api(ApiClient(configuration))
    options = {"command": ["/bin/sh", "-c", command], "stdout": True, "stderr": True, "_preload_content": False}
    try:
        session = stream(api.connect_get_namespaced_pod_exec, pod, namespace, **options)
        session.run_forever(timeout=TIMEOUT)
    except ApiException as refused:
        # The client wraps what the WebSocket raised.
        why = answers.handshake(refused.__context__ or refused)
        raise RefusedError(f"{answers.SERVER} ran no command in {pod}: {why}") from refused
    if session.returncode:
        told = session.read_all().strip()
        raise RefusedError(f"{command!r} failed in {pod} with {told!r}: see the log of this pod, and run it again")

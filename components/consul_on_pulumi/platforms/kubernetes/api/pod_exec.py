"""Commands in the container of a pod, as `kubectl exec` runs them."""

from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster

TIMEOUT = 30.0
"""Seconds for one command."""


def run(cluster: Cluster, namespace: str, pod: str, command: str) -> None:
    """Run a command of the shell. Raises RefusedError if the API server refuses or the command fails."""
    configuration = kubeconfig.access(cluster)
    from kubernetes.client import ApiClient, ApiException, CoreV1Api
    from kubernetes.stream import stream

    api = CoreV1Api(ApiClient(configuration))
    options = {"command": ["/bin/sh", "-c", command], "stdout": True, "stderr": True, "_preload_content": False}
    try:
        session = stream(api.connect_get_namespaced_pod_exec, pod, namespace, **options)
        session.run_forever(timeout=TIMEOUT)
    except ApiException as refused:
        raise RefusedError(f"the Kubernetes API server ran no command in {pod}: {refused.reason}") from refused
    if session.returncode:
        raise RefusedError(f"{command!r} failed in {pod}: {session.read_all().strip()}")

"""What the commands `recover`, `retained-data` and `ui` do in a Kubernetes cluster, and whether one has data there."""

import base64
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import requests

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model import naming, ports
from consul_on_pulumi.model.connection import Connection, connection_of
from consul_on_pulumi.model.rollout import Peers
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.api import pod_exec
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import CURRENT, Cluster, is_content
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import CLAIM, StatefulSet
from consul_on_pulumi.platforms.kubernetes.refusals import SCHEMES
from consul_on_pulumi.platforms.kubernetes.tier import FILES, PHASE, selector

FAILURES = (RefusedError, UnreachableError, requests.RequestException)
"""What `has_data` and `restart_with_peers` raise."""
PEERS = "/consul/data/raft/peers.json"
"""The file from which Consul takes its Raft configuration when it starts, once."""
RESTART = "kill -INT 1"
"""Ends an agent that must not leave the cluster; its container starts again in the same pod, at the same address."""
SERVERS = "app.kubernetes.io/name=consul,app.kubernetes.io/component=server"
"""Selects the claims of the servers of all clusters."""
INSTANCE = "app.kubernetes.io/instance"
"""Label with the name of the cluster."""


def data(location: Mapping[str, str], connection: Connection) -> list[str]:
    """The claims of the servers of a cluster; `location` is that of its platform.

    Raises UnreachableError and RefusedError.
    """
    claims = _listed(location, connection, "persistentvolumeclaims", Role.SERVER)
    return [str(claim["metadata"]["name"]) for claim in claims]


def phases(location: Mapping[str, str], connection: Connection) -> dict[str, str]:
    """How far each agent of a cluster is closed, by the name of its pod. Raises UnreachableError and RefusedError."""
    pods = _listed(location, connection, "pods")
    return {str(pod["metadata"]["name"]): pod["metadata"]["labels"].get(PHASE, "") for pod in pods}


def agents(location: Mapping[str, str], role: Role, connection: Connection) -> dict[str, str]:
    """Where the program reaches each running agent of a role, by the name of its pod.

    Raises UnreachableError and RefusedError.
    """
    where = f"{SCHEMES['auto']}://{location['kubernetes_cluster']}/{location['namespace']}"
    return {
        pod["metadata"]["name"]: f"{where}/{pod['metadata']['name']}:{ports.HTTPS}"
        for pod in _listed(location, connection, "pods", role)
        if "deletionTimestamp" not in pod["metadata"]
    }


def bring_files(location: Mapping[str, str], name: str, connection: Connection, mark: str) -> None:
    """A kubelet looks for new files once a minute, and at once where the pod itself changed."""
    api = ApiServer(Cluster.of(location["kubernetes_cluster"], connection))
    api.patch(f"/api/v1/namespaces/{location['namespace']}/pods/{name}", {"metadata": {"annotations": {FILES: mark}}})


def secret(location: Mapping[str, str], name: str, connection: Connection) -> dict[str, str]:
    """The files in a Secret; none where it does not exist. Raises UnreachableError and RefusedError."""
    api = ApiServer(Cluster.of(location["kubernetes_cluster"], connection))
    found = api.find(f"/api/v1/namespaces/{location['namespace']}/secrets/{name}") or {}
    return {key: base64.b64decode(text).decode() for key, text in (found.get("data") or {}).items()}


def has_data(group: Mapping[str, Any], server: str) -> bool:
    """Whether the claim of a server has a volume and stays; `group` are the inputs of a ServerRollout."""
    claim = StatefulSet(group).claim(f"{CLAIM}-{server}")
    return bool(claim and claim["spec"].get("volumeName") and "deletionTimestamp" not in claim["metadata"])


def restart_with_peers(group: Mapping[str, Any], servers: Sequence[str], peers: Peers) -> None:
    """Restart the agents of these servers with a Raft configuration of exactly these `peers`."""
    cluster, namespace = Cluster.of(group["cluster"], connection_of(group)), group["namespace"]
    for command in (f"printf %s {shlex.quote(json.dumps(peers))} > {PEERS}", RESTART):
        for server in servers:
            pod_exec.run(cluster, namespace, server, command)


def retained(settings: Mapping[str, Any], pattern: str) -> Iterator[tuple[str, list[str], str]]:
    """Each cluster whose name matches, its unused claims, and the command that deletes them; in the namespace of the
    settings, or in all namespaces. Raises UnreachableError and RefusedError.
    """
    api = ApiServer(Cluster.given(settings))
    namespaces = f"/namespaces/{settings['namespace']}" if "namespace" in settings else ""
    listed = api.find(f"/api/v1{namespaces}/persistentvolumeclaims", labelSelector=SERVERS) or {"items": []}
    clusters: dict[tuple[str, str], list[str]] = {}
    for metadata in (claim["metadata"] for claim in listed["items"]):
        cluster = metadata["labels"].get(INSTANCE, "")
        # A claim with an owner is deleted together with it.
        ending = {"deletionTimestamp", "ownerReferences"} & metadata.keys()
        ours = metadata["name"].startswith(f"{CLAIM}-{naming.tier(cluster, Role.SERVER)}-")
        if ours and not ending and fnmatchcase(cluster, pattern):
            clusters.setdefault((metadata["namespace"], cluster), []).append(metadata["name"])
    for (namespace, cluster), names in sorted(clusters.items()):
        tier = naming.tier(cluster, Role.SERVER)
        if api.find(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{tier}") is None:
            kubectl = _kubectl(Cluster.given(settings), namespace)
            yield cluster, sorted(names), f"{kubectl} delete persistentvolumeclaim"


def kubectl(group: Mapping[str, Any], namespace: str) -> str:
    """The command with its options for this namespace; `group` are the inputs of a resource that takes part in a
    rollout, of which some name the Kubernetes cluster."""
    text = group["cluster"] if "stateful_set" in group else CURRENT
    return _kubectl(Cluster.of(text, connection_of(group)), namespace)


def _kubectl(cluster: Cluster, namespace: str) -> str:
    options = {"context": cluster.context, "kubeconfig": cluster.kubeconfig, "cluster": cluster.cluster}
    given = [f"--{name} {shlex.quote(value)}" for name, value in options.items() if value and not is_content(value)]
    return " ".join(["kubectl", *given, "--namespace", namespace])


def _listed(location: Mapping[str, str], connection: Connection, kind: str, role: Role | None = None) -> list[Object]:
    api = ApiServer(Cluster.of(location["kubernetes_cluster"], connection))
    return api.listed(f"/api/v1/namespaces/{location['namespace']}/{kind}", selector(location["cluster"], role))

"""PodsEnd: ends all agents at once where the whole cluster is destroyed.

A server that leaves waits for others that leave as well, and a client drains for 5 seconds. Nobody has to, in a cluster
that ends. Only from a cluster that goes on without them, servers that joined it have to leave.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.consul.rollout import leave_others
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.cluster_end import End, is_whole
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.ownership import PATHS, owner
from consul_on_pulumi.platforms.kubernetes.tier import ROLE
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

GRACE = 1
"""Seconds for the hook before the end of a pod. Then its agent has two more (kubernetes 1.34, pkg/kubelet/kuberuntime,
minimumGracePeriodInSeconds)."""
TIMEOUT = 60.0
"""Seconds after which the deletions of the workloads, which follow, wait and say what is left."""
INTERVAL = 0.3
"""Seconds between two requests."""


class Agents(TypedDict):
    """All agents of one cluster; these are properties of resources in the state."""

    cluster: str
    """The Kubernetes cluster, in the form of `kubeconfig.Cluster.text`."""
    namespace: pulumi.Input[str]
    """The namespace of all of them."""
    workloads: Mapping[str, str]
    """By role, as `KIND/NAME`."""
    selector: Mapping[str, str]
    """The labels that select the pods."""
    names: Sequence[str]
    """The node names of the servers."""
    addresses: Sequence[pulumi.Input[str]]
    """Where the program reaches the API of each of them, in the same order."""


class PodsEndProvider(ConsulProvider):
    """Of each cluster there are two resources (platforms/cluster_end.py). An update notes other agents."""

    compared = ("workloads", "names", "addresses")

    def create(self, props: Properties) -> CreateResult:
        """Nothing to do before the end."""
        return CreateResult(props["cluster_id"], props)

    def delete(self, _id: str, props: Properties) -> None:
        """Delete the workloads and give their pods a second to end, unless the data stays. What Consul has confirmed is
        in its files, so retained data is complete."""
        if not is_whole(props):
            return
        servers = Servers(props["names"], props["addresses"], connection_of(props))
        try:
            leave_others(servers, props["names"])
            _end(props)
        except (RefusedError, UnreachableError) as error:
            engine_log.warn(f"the pods are not ended at once, so their agents leave first: {error}")


class PodsEnd(ProviderResource, module="consul-on-pulumi", name="PodsEnd"):
    """Is deleted before any agent, since it depends on what depends on the servers."""

    def __init__(self, name: str, which: End, agents: Agents, opts: pulumi.ResourceOptions) -> None:
        """`which` of the two it is, and the `agents` of the cluster."""
        super().__init__(PodsEndProvider(), name, {**which, **agents}, opts)


def _end(props: Properties) -> None:
    api, labels = ApiServer.of(props), props["selector"]
    pods = f"/api/v1/namespaces/{props['namespace']}/pods"
    replica_sets = f"/apis/apps/v1/namespaces/{props['namespace']}/replicasets"
    paths, ending = {}, {}
    for role, workload in props["workloads"].items():
        kind, _, name = workload.partition("/")
        paths[role] = PATHS[kind].format(namespace=props["namespace"], name=name)
        if (found := api.find(paths[role])) and owner(found) == props["cluster_id"]:
            ending[role] = found["metadata"]["uid"]

    # Listed before, so that they are deleted before a controller ends them.
    of_all = [pod for pod in api.listed(pods, labels) if pod["metadata"]["labels"][ROLE] in ending]

    def delete(roles: Iterable[str]) -> None:
        for role in roles:
            # Foreground: it exists as long as its pods do, and its controller starts no other.
            api.delete(paths[role], ending[role], "Foreground")

    # A ReplicaSet replaces a pod at once, other controllers do when it is gone.
    replicated = [role for role in ending if "/deployments/" in paths[role]]
    delete(replicated)
    for one in api.listed(replica_sets, labels) if replicated else []:
        api.delete(f"{replica_sets}/{one['metadata']['name']}", one["metadata"]["uid"], "Foreground")
    # The kubelet does not shorten the end of a pod that is ending already (measured with 1.34).
    for pod in of_all:
        api.delete(f"{pods}/{pod['metadata']['name']}", pod["metadata"]["uid"], grace=GRACE)
    delete(role for role in ending if role not in replicated)
    deadline = time.monotonic() + TIMEOUT
    while any(api.find(paths[role]) for role in ending) and time.monotonic() < deadline:
        time.sleep(INTERVAL)

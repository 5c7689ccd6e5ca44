"""ClusterEnd: stops all agents at once where the whole cluster is destroyed.

Nobody has to leave a cluster that ends. One after the other, a client would take 3 seconds to leave, and the last
server 10 seconds, in which it still tries to reach the others. Only from a cluster that goes on without them, servers
that joined it have to leave.
"""

from concurrent.futures import ThreadPoolExecutor

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.rollout import leave_others
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model.connection import Connection, connection_of
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.cluster_end import End, is_whole
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.operations import agents
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ClusterEndProvider(ConsulProvider):
    """Of each cluster there are two resources (platforms/cluster_end.py)."""

    def create(self, props: Properties) -> CreateResult:
        """Nothing to do before the end."""
        return CreateResult(props["cluster"], props)

    def delete(self, _id: str, props: Properties) -> None:
        """Kill the agents, unless the data stays. Their own resources remove the containers. What Consul has confirmed
        is in its files, so retained data is complete."""
        if is_whole(props):
            connection = connection_of(props)
            if servers := agents(props, Role.SERVER, connection):
                leave_others(Servers(list(servers), list(servers.values()), connection), servers)
            labels = [f"{engine.CLUSTER}={props['cluster']}", f"{engine.CLUSTER_ID}={props['cluster_id']}"]
            _stop(labels, connection)


class ClusterEnd(ProviderResource, module="consul-on-pulumi", name="ClusterEnd"):
    """Is deleted before any agent, since it depends on what depends on the servers."""

    def __init__(
        self,
        name: str,
        cluster: str,
        cluster_id: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions,
        *,
        data_stays: bool = False,
    ) -> None:
        """`cluster` and `cluster_id` are labels of all containers. With `data_stays` it is the first of the two."""
        which = End(cluster_id=cluster_id, data_stays=data_stays)
        super().__init__(ClusterEndProvider(), name, {**which, "cluster": cluster}, opts)


def _stop(labels: list[str], connection: Connection) -> None:
    with engine.connect(connection) as client:
        running = client.containers.list(filters={"label": labels})
        with ThreadPoolExecutor(len(running) or 1) as pool:
            list(pool.map(lambda container: container.stop(timeout=0), running))

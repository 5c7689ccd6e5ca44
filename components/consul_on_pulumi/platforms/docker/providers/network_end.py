"""NetworkEnd: names the containers of others that keep a network from being deleted.

Docker's provider waits for 30 seconds, and then says only that the network has active endpoints.
"""

from collections.abc import Iterator

import pulumi
from docker.errors import NotFound
from pulumi.dynamic import CreateResult

from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.providers.ownership import ForeignObjectError
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class NetworkEndProvider(ConsulProvider):
    """Looks right before the network is deleted: the engine deletes by depth of dependency."""

    def create(self, props: Properties) -> CreateResult:
        """Nothing to do before the end."""
        return CreateResult(props["network"], props)

    def delete(self, _id: str, props: Properties) -> None:
        """Raises ForeignObjectError if a container of somebody else is connected."""
        name = props["network"]
        if foreign := ", ".join(sorted(_foreign(name, props))):
            raise ForeignObjectError(
                f"network {name} cannot be removed while containers outside this stack are connected to it: {foreign}. "
                f"Remove them or run `docker network disconnect {name} CONTAINER`, then run the command again"
            )


class NetworkEnd(ProviderResource, module="consul-on-pulumi", name="NetworkEnd"):
    """The end of the network that a cluster created; depends on it."""

    def __init__(
        self, name: str, network: pulumi.Input[str], cluster: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`cluster` is the name in the labels of its own containers."""
        super().__init__(NetworkEndProvider(), name, {"network": network, "cluster": cluster}, opts)


def _foreign(network: str, props: Properties) -> Iterator[str]:
    try:
        with engine.connect(connection_of(props)) as client:
            for container in client.networks.get(network).containers:
                if container.labels.get(engine.CLUSTER) != props["cluster"]:
                    yield str(container.name)
    except NotFound:
        return

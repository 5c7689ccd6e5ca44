"""Voters: exists once all servers that a StatefulSet runs vote."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider

from components.live import credentials
from components.live.pods import hindrances
from components.live.stateful_set import StatefulSet, Workload
from components.live.turn import Properties, RollStoppedError
from components.live.turn import servers as turn_servers

REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""


class VotersProvider(ResourceProvider):
    """Waits for the servers of a cluster that is born. What changes servers later waits for them itself."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the token of the stack's configuration."""
        credentials.configure(req)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """No later change is awaited here."""
        return DiffResult(changes=False)

    def create(self, props: Properties) -> CreateResult:
        """Wait until all vote and have caught up."""
        await_all(props)
        return CreateResult(props["stateful_set"], props)


class Voters(Resource, module="consul-on-pulumi", name="Voters"):
    """What needs servers that vote depends on this; what may start beside them does not."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        addresses: Sequence[str],
        workload: Workload,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`names` are the servers that `workload` runs, `addresses` where the program reaches each."""
        props = {"names": names, "addresses": addresses, **workload, "revision": REVISION}
        super().__init__(VotersProvider(), name, props, opts)


def await_all(props: Properties) -> None:
    """Wait until all servers vote; raises RollStoppedError with what is in the way of it."""
    if hindered := hindrances(turn_servers(props), StatefulSet(props), props["names"], {}):
        raise RollStoppedError(f"{hindered}. Correct the settings and run `pulumi up` again")

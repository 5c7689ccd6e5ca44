"""What a cluster needs of a Docker engine and somebody else has: names, ports, a subnet."""

from collections.abc import Iterable, Sequence

from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import engine, existing, occupied
from consul_on_pulumi.platforms.docker.existing import Existing, Owner
from consul_on_pulumi.platforms.docker.ownership import ANOTHER
from consul_on_pulumi.providers import ownership
from consul_on_pulumi.providers.ownership import refusal
from consul_on_pulumi.providers.provider import ConsulProvider, Properties


class OwnershipProvider(ConsulProvider):
    """Compares what the engine has with what the cluster is going to create."""

    compared = ("objects",)

    def problems(self, olds: Properties, news: Properties) -> list[str]:
        """Foreign objects."""
        return ownership.problems(_refusals, olds, news)

    def create(self, props: Properties) -> CreateResult:
        """Raises ForeignObjectError before anything is created."""
        return CreateResult(props["objects"][0], self.update("", {}, props).outs)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Look for the objects that are new."""
        return ownership.require(_refusals, olds, news)


def _refusals(props: Properties, objects: Sequence[str]) -> Iterable[str]:
    """One message for all foreign objects, and one for each port, subnet and network that does not fit."""
    seen = Existing.now(connection_of(props))
    owner = Owner(props["cluster"], props.get("cluster_id"), bool(props.get("retain_data")))
    yield from (problem for one in objects if (problem := occupied.problem(seen, one, owner)))
    named = [one.split("/") for one in objects if one.count("/") == 1]
    found = [foreign for kind, name in named if (foreign := existing.foreign(seen, kind, name, owner))]
    if found:
        yield refusal(found, engine.CLUSTER_ID, ANOTHER)

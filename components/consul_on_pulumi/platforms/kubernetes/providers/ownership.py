"""Which objects of a Kubernetes cluster belong to somebody else."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.ownership import PATHS, owner, refusal
from consul_on_pulumi.providers import ownership
from consul_on_pulumi.providers.provider import ConsulProvider, Properties

THREADS = 8
"""Requests at the same time."""


class OwnershipProvider(ConsulProvider):
    """Reads each object of the namespace. Claims with the labels `retained` may be of an earlier cluster."""

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
    """One message for all foreign objects."""
    new = [tuple(one.split("/")) for one in objects]
    api, namespace = ApiServer.of(props), props["namespace"]
    paths = [PATHS[kind].format(namespace=namespace, name=name) for kind, name in new]
    with ThreadPoolExecutor(THREADS) as threads:
        found = dict(zip(new, threads.map(api.find, paths), strict=True))
    foreign = {
        (kind, name): owner(one)
        for (kind, name), one in found.items()
        if one is not None and not _ours(kind, one, props)
    }
    if foreign:
        yield refusal(namespace, foreign)


def _ours(kind: str, found: Object, props: Properties) -> bool:
    metadata = found["metadata"]
    if "deletionTimestamp" in metadata or (owner(found) and owner(found) == props.get("cluster_id")):
        return True
    retained = props.get("retained") or {}
    is_claim = kind == "PersistentVolumeClaim"
    return bool(is_claim and retained and retained.items() <= metadata.get("labels", {}).items())

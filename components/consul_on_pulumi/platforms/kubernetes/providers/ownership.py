"""Ownership: refuses, in the preview already, objects that exist and belong to somebody else."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object, if_answered
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.ownership import PATHS, ForeignObjectError, owner, refusal
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

THREADS = 8
"""Requests at the same time."""


class OwnershipProvider(ConsulProvider):
    """Asks once for each object: what the state holds is ours from then on."""

    compared = ("objects",)

    def problems(self, olds: Properties, news: Properties) -> list[str]:
        """Foreign objects. Where the API server does not answer, `create` and `update` ask again."""
        reason = if_answered(lambda: _refusal(olds, news))
        return [reason] if reason else []

    def create(self, props: Properties) -> CreateResult:
        """Raises ForeignObjectError before anything is created."""
        return CreateResult(props["objects"][0], self.update("", {}, props).outs)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Look for the objects that are new."""
        if reason := _refusal(olds, news):
            raise ForeignObjectError(reason)
        return UpdateResult(news)


class Ownership(ProviderResource, module="consul-on-pulumi", name="Ownership"):
    """Whatever creates objects of these names depends on this."""

    def __init__(
        self,
        name: str,
        objects: Sequence[str],
        namespace: str,
        cluster: Cluster,
        cluster_id: pulumi.Input[str] | None,
        retained: dict[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`objects` are spelled `KIND/NAME`. Claims with the labels `retained` may be of an earlier cluster."""
        props = {"objects": objects, "namespace": namespace, "cluster": cluster.text, "retained": retained}
        super().__init__(OwnershipProvider(), name, {**props, "cluster_id": cluster_id}, opts)


def _refusal(olds: Properties, news: Properties) -> str | None:
    """Why not all objects can be created that `olds` does not name, or None. In the first preview there is no cluster
    ID yet, so nothing that exists is ours."""
    new = [tuple(one.split("/")) for one in news["objects"] if one not in olds.get("objects", [])]
    if not new:
        return None
    api, namespace = ApiServer(Cluster.of(news["cluster"])), news["namespace"]
    paths = [PATHS[kind].format(namespace=namespace, name=name) for kind, name in new]
    with ThreadPoolExecutor(THREADS) as threads:
        found = dict(zip(new, threads.map(api.find, paths), strict=True))
    foreign = {
        (kind, name): owner(one)
        for (kind, name), one in found.items()
        if one is not None and not _ours(kind, one, news)
    }
    return refusal(namespace, foreign) if foreign else None


def _ours(kind: str, found: Object, props: Properties) -> bool:
    metadata = found["metadata"]
    if "deletionTimestamp" in metadata or (owner(found) and owner(found) == props.get("cluster_id")):
        return True
    retained = props.get("retained") or {}
    is_claim = kind == "PersistentVolumeClaim"
    return bool(is_claim and retained and retained.items() <= metadata.get("labels", {}).items())

"""What a killed engine left on Kubernetes. That the engine calls the hook is for the tests on a cluster to show."""

from typing import Any, cast

import pulumi
import pytest
from consul_on_pulumi.platforms.kubernetes import orphans
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.tier import CLUSTER_ID

SERVICE = "/api/v1/namespaces/dev/services/dev-http"


class PlayedApi:
    """Answers like `ApiServer`; what is deleted is gone after the next look."""

    def __init__(self, **objects: dict[str, Any]) -> None:
        self.objects: dict[str, Any] = dict(objects)
        self.deleted: list[tuple[str, str, str]] = []
        self.stays = False

    def find(self, path: str) -> Any:
        return self.objects.get(path)

    def delete(self, path: str, uid: str, propagation: str) -> None:
        self.deleted.append((path, uid, propagation))
        if not self.stays:
            del self.objects[path]


def left(cluster_id: str | None) -> dict[str, Any]:
    return {"metadata": {"uid": "u1", "labels": {CLUSTER_ID: cluster_id} if cluster_id else {}}}


def clear(api: PlayedApi, kind: str = "Service", name: str | None = "dev-http", cluster_id: str | None = "m") -> None:
    metadata = {"namespace": "dev", "labels": {CLUSTER_ID: cluster_id} if cluster_id else {}} | (
        {"name": name} if name else {}
    )
    args: Any = pulumi.ResourceHookArgs(
        urn="urn", id="", name="x", type="kubernetes:core/v1:Service", new_inputs={"kind": kind, "metadata": metadata}
    )
    orphans.clearing(cast(ApiServer, api))(args)


def test_what_is_of_this_cluster_is_removed() -> None:
    api = PlayedApi(**{SERVICE: left("m")})

    clear(api)

    assert api.deleted == [(SERVICE, "u1", "Background")]


@pytest.mark.parametrize("cluster_id", ["other", None])
def test_what_is_of_somebody_else_stays(cluster_id: str | None) -> None:
    api = PlayedApi(**{SERVICE: left(cluster_id)})

    clear(api)

    assert api.deleted == []


def test_a_stateful_set_leaves_its_pods_and_claims_behind() -> None:
    path = "/apis/apps/v1/namespaces/dev/statefulsets/dev-server"
    api = PlayedApi(**{path: left("m")})

    clear(api, "StatefulSet", "dev-server")

    assert api.deleted == [(path, "u1", "Orphan")]


@pytest.mark.parametrize("change", [{"kind": "Widget"}, {"name": None}, {"cluster_id": None}], ids=str)
def test_what_cannot_be_in_the_way_is_not_looked_for(change: dict[str, Any]) -> None:
    api = PlayedApi(**{SERVICE: left("m")})

    clear(api, **change)

    assert api.deleted == []


def test_what_does_not_go_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "TIMEOUT", 0.0)
    api = PlayedApi(**{SERVICE: left("m")})
    api.stays = True

    with pytest.raises(TimeoutError, match=f"{SERVICE}, left behind by an update that was killed, does not go"):
        clear(api)

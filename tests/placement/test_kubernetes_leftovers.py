"""What a killed engine left on Kubernetes. That the engine calls the hook is for the tests on a cluster to show."""

from typing import Any, cast

import pulumi
import pytest

from components.live.api_server import ApiServer
from components.placement.kubernetes import leftovers
from components.placement.kubernetes.tier import MARK

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


def left(mark: str | None) -> dict[str, Any]:
    return {"metadata": {"uid": "u1", "labels": {MARK: mark} if mark else {}}}


def clear(api: PlayedApi, kind: str = "Service", name: str | None = "dev-http", mark: str | None = "m") -> None:
    metadata = {"namespace": "dev", "labels": {MARK: mark} if mark else {}} | ({"name": name} if name else {})
    args: Any = pulumi.ResourceHookArgs(
        urn="urn", id="", name="x", type="kubernetes:core/v1:Service", new_inputs={"kind": kind, "metadata": metadata}
    )
    leftovers.clearing(cast(ApiServer, api))(args)


def test_what_is_of_this_cluster_is_removed() -> None:
    api = PlayedApi(**{SERVICE: left("m")})

    clear(api)

    assert api.deleted == [(SERVICE, "u1", "Background")]


@pytest.mark.parametrize("mark", ["other", None])
def test_what_is_of_somebody_else_stays(mark: str | None) -> None:
    api = PlayedApi(**{SERVICE: left(mark)})

    clear(api)

    assert api.deleted == []


def test_a_stateful_set_leaves_its_pods_and_claims_behind() -> None:
    path = "/apis/apps/v1/namespaces/dev/statefulsets/dev-server"
    api = PlayedApi(**{path: left("m")})

    clear(api, "StatefulSet", "dev-server")

    assert api.deleted == [(path, "u1", "Orphan")]


@pytest.mark.parametrize("change", [{"kind": "Widget"}, {"name": None}, {"mark": None}], ids=str)
def test_what_cannot_be_in_the_way_is_not_looked_for(change: dict[str, Any]) -> None:
    api = PlayedApi(**{SERVICE: left("m")})

    clear(api, **change)

    assert api.deleted == []


def test_what_does_not_go_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE", 0.0)
    api = PlayedApi(**{SERVICE: left("m")})
    api.stays = True

    with pytest.raises(TimeoutError, match=f"{SERVICE}, left behind by an update that was killed, does not go"):
        clear(api)

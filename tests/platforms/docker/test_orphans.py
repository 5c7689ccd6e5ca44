"""Which containers and networks are removed before new ones are created, on a fake Docker engine."""

from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.platforms.docker import engine
from docker.errors import NotFound

MINE, THEIRS = "0123456789abcdef", "fedcba9876543210"


class FakeEngine:
    """Has one container, `dev-server-0`, and one network, `dev`, and records what is done to them."""

    def __init__(self, cluster_id: str | None) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.labels = {} if cluster_id is None else {"consul.cluster-id": cluster_id}
        self.containers = SimpleNamespace(get=self._container)
        self.networks = SimpleNamespace(list=self._networks)

    def close(self) -> None:
        self.done.append(("close",))

    def _container(self, name: str) -> Any:
        if name != "dev-server-0":
            raise NotFound(name)
        return SimpleNamespace(
            labels=self.labels,
            stop=lambda timeout: self.done.append(("stop", name, timeout)),
            remove=lambda v: self.done.append(("remove", name, "with volumes" if v else "without volumes")),
        )

    def _networks(self, names: list[str], filters: dict[str, list[str]]) -> list[Any]:
        matches = filters["label"] == [f"consul.cluster-id={self.labels.get('consul.cluster-id')}"]
        found = ["dev"] if names == ["dev"] and matches else []
        return [SimpleNamespace(remove=lambda: self.done.append(("remove", "dev"))) for _ in found]


def removed(
    monkeypatch: pytest.MonkeyPatch, type_: str, name: str, *, new: str | None, existing: str | None
) -> list[Any]:
    """What is done to an existing object with one cluster ID before a new one with another ID is created."""
    fake = FakeEngine(existing)
    monkeypatch.setattr(docker, "from_env", lambda: fake)
    labels = [{"label": "consul.cluster", "value": "dev"}]
    if new is not None:
        labels.append({"label": "consul.cluster-id", "value": new})
    args: Any = SimpleNamespace(type=type_, new_inputs={"name": name, "labels": labels})

    engine.remove_orphan(args)

    return fake.done


CONTAINER, NETWORK = "docker:index/container:Container", "docker:index/network:Network"


def test_a_container_of_the_same_cluster_is_stopped_and_removed_without_its_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert removed(monkeypatch, CONTAINER, "dev-server-0", new=MINE, existing=MINE) == [
        ("stop", "dev-server-0", 30),
        ("remove", "dev-server-0", "without volumes"),
        ("close",),
    ]


@pytest.mark.parametrize("existing", [THEIRS, None], ids=["another cluster's", "nobody's"])
@pytest.mark.parametrize(("type_", "name"), [(CONTAINER, "dev-server-0"), (NETWORK, "dev")])
def test_an_object_with_another_cluster_id_or_none_is_never_touched(
    monkeypatch: pytest.MonkeyPatch, type_: str, name: str, existing: str | None
) -> None:
    assert removed(monkeypatch, type_, name, new=MINE, existing=existing) == [("close",)]


def test_nothing_is_removed_if_no_object_has_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert removed(monkeypatch, CONTAINER, "dev-server-1", new=MINE, existing=MINE) == [("close",)]


def test_a_network_of_the_same_cluster_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert removed(monkeypatch, NETWORK, "dev", new=MINE, existing=MINE) == [("remove", "dev"), ("close",)]


def test_a_volume_is_never_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert removed(monkeypatch, "docker:index/volume:Volume", "dev-server-0", new=MINE, existing=MINE) == [("close",)]


def test_a_new_object_without_a_cluster_id_removes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert removed(monkeypatch, CONTAINER, "dev-server-0", new=None, existing=None) == []

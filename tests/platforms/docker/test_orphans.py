"""What may be taken away before its like is made, on an engine played by hand."""

from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.platforms.docker import orphans
from docker.errors import NotFound

MINE, THEIRS = "0123456789abcdef", "fedcba9876543210"


class PlayedEngine:
    """Holds one object of each kind, called `dev-server-0` and `dev`, and keeps what is done to them."""

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

    def _networks(self, names: list[str], filters: dict[str, str]) -> list[Any]:
        marked = filters["label"] == f"consul.cluster-id={self.labels.get('consul.cluster-id')}"
        found = ["dev"] if names == ["dev"] and marked else []
        return [SimpleNamespace(remove=lambda: self.done.append(("remove", "dev"))) for _ in found]


def cleared(
    monkeypatch: pytest.MonkeyPatch, type_: str, name: str, *, wanted: str | None, held: str | None
) -> list[Any]:
    """What is done to an engine that holds something with one mark before something with another is made."""
    engine = PlayedEngine(held)
    monkeypatch.setattr(docker, "from_env", lambda: engine)
    labels = [{"label": "consul.cluster", "value": "dev"}]
    if wanted is not None:
        labels.append({"label": "consul.cluster-id", "value": wanted})
    args: Any = SimpleNamespace(type=type_, new_inputs={"name": name, "labels": labels})

    orphans.clear(args)

    return engine.done


CONTAINER, NETWORK = "docker:index/container:Container", "docker:index/network:Network"


def test_a_container_of_the_same_cluster_ends_in_peace_and_leaves_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cleared(monkeypatch, CONTAINER, "dev-server-0", wanted=MINE, held=MINE) == [
        ("stop", "dev-server-0", 30),
        ("remove", "dev-server-0", "without volumes"),
        ("close",),
    ]


@pytest.mark.parametrize("held", [THEIRS, None], ids=["another cluster's", "nobody's"])
@pytest.mark.parametrize(("type_", "name"), [(CONTAINER, "dev-server-0"), (NETWORK, "dev")])
def test_what_bears_another_mark_or_none_is_never_touched(
    monkeypatch: pytest.MonkeyPatch, type_: str, name: str, held: str | None
) -> None:
    assert cleared(monkeypatch, type_, name, wanted=MINE, held=held) == [("close",)]


def test_a_name_that_is_free_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cleared(monkeypatch, CONTAINER, "dev-server-1", wanted=MINE, held=MINE) == [("close",)]


def test_a_network_of_the_same_cluster_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cleared(monkeypatch, NETWORK, "dev", wanted=MINE, held=MINE) == [("remove", "dev"), ("close",)]


def test_a_volume_is_never_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cleared(monkeypatch, "docker:index/volume:Volume", "dev-server-0", wanted=MINE, held=MINE) == [("close",)]


def test_what_is_made_without_a_mark_takes_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cleared(monkeypatch, CONTAINER, "dev-server-0", wanted=None, held=None) == []

"""How a volume of secret files is filled and when it is replaced, on a fake Docker engine."""

import io
import tarfile
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.platforms.docker.providers.live_files import LiveFilesProvider
from consul_on_pulumi.platforms.docker.providers.secret_volume import SecretVolumeProvider
from docker.errors import APIError, DockerException, NotFound

LABELS = {"consul.cluster": "dev", "consul.cluster-id": "0123456789abcdef"}
PROPS: dict[str, Any] = {
    "prefix": "dev-server-secrets",
    "image": "hashicorp/consul:1.22.7",
    "directory": "/consul/secrets",
    "labels": LABELS,
    "files": {"gossip.json": "{}", "ca.pem": "☃"},
}


class FakeEngine:
    """Volumes by name with their labels, and what was copied into the helper container."""

    def __init__(self) -> None:
        self.labels: dict[str, dict[str, str]] = {}
        self.open_containers: list[dict[str, Any]] = []
        self.put: list[tuple[str, bytes]] = []
        self.full = False
        self.used: set[str] = set()
        self.volumes = SimpleNamespace(create=self._create, get=self._get, list=self._list)
        self.containers = SimpleNamespace(create=self._create_container)

    def close(self) -> None:
        pass

    def _create(self, name: str, labels: dict[str, str]) -> Any:
        self.labels[name] = labels
        return self._get(name)

    def _get(self, name: str) -> Any:
        if name not in self.labels:
            raise NotFound(name)
        return SimpleNamespace(name=name, attrs={"Labels": self.labels[name]}, remove=lambda: self._remove(name))

    def _list(self, filters: dict[str, list[str]]) -> list[Any]:
        return [
            self._get(name)
            for name, labels in self.labels.items()
            if {*filters["label"]} <= {f"{key}={value}" for key, value in labels.items()}
        ]

    def _remove(self, name: str) -> None:
        if name in self.used:
            raise APIError("volume is in use")
        del self.labels[name]

    def _create_container(self, image: str, **spec: Any) -> Any:
        container = {"image": image, **spec}
        self.open_containers.append(container)
        return SimpleNamespace(put_archive=self._put, remove=lambda v: self.open_containers.remove(container))

    def _put(self, directory: str, content: bytes) -> None:
        if self.full:
            raise APIError("no space left on device")
        self.put.append((directory, content))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr(docker, "from_env", lambda **_: fake)
    return fake


def test_only_the_agent_can_read_the_files_and_the_helper_container_is_removed(engine: FakeEngine) -> None:
    created = SecretVolumeProvider().create(PROPS)

    ((directory, content),) = engine.put
    assert directory == "/consul/secrets"
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = {one.name: (one.mode, one.uid, one.gid, archive.extractfile(one)) for one in archive}
        texts = {name: held[3].read().decode() for name, held in found.items() if held[3]}
    assert {held[:3] for held in found.values()} == {(0o400, 100, 1000)}
    assert texts == PROPS["files"]
    assert engine.open_containers == []
    assert engine.labels == {created.outs["volume"]: LABELS}
    assert created.outs["volume"].startswith("dev-server-secrets-")


def test_every_new_volume_has_a_new_name(engine: FakeEngine) -> None:
    names = {SecretVolumeProvider().create(PROPS).outs["volume"] for _ in range(5)}
    assert len(engine.labels) == 1

    assert len(names) == 5


def test_leftovers_of_an_interrupted_run_are_removed_and_volumes_in_use_or_of_others_stay(engine: FakeEngine) -> None:
    provider = SecretVolumeProvider()
    used = provider.create(PROPS).outs["volume"]
    engine.used = {used}
    left = provider.create(PROPS).outs["volume"]
    another = LABELS | {"consul.cluster-id": "fedcba9876543210"}
    others = {
        "dev-server-secrets-x": LABELS,
        "dev-client-secrets-0a1b2c3d": LABELS,
        "dev-server-secrets-0a1b2c3d": {},
        "dev-server-secrets-0a1b2c3e": another,
    }
    engine.labels |= others

    created = provider.create(PROPS).outs["volume"]

    assert engine.labels.keys() == {used, created, *others}
    assert left not in engine.labels


def test_a1_without_a_cluster_id_no_volume_counts_as_left_over(engine: FakeEngine) -> None:
    """Two client tiers of the same name in two stacks cannot be told apart."""
    alone = PROPS | {"labels": {"consul.cluster": "dev"}}
    names = {SecretVolumeProvider().create(alone).outs["volume"] for _ in range(2)}

    assert engine.labels.keys() == names


def test_a_volume_that_cannot_be_filled_is_removed(engine: FakeEngine) -> None:
    engine.full = True

    with pytest.raises(DockerException):
        SecretVolumeProvider().create(PROPS)

    assert engine.labels == {}
    assert engine.open_containers == []


def test_changed_files_replace_the_volume_and_the_new_one_is_created_first(engine: FakeEngine) -> None:
    created = SecretVolumeProvider().create(PROPS).outs

    changed = SecretVolumeProvider().diff("", created, {**PROPS, "files": {"gossip.json": "{}"}})

    assert (changed.changes, changed.replaces, changed.delete_before_replace) == (True, ["files"], False)


def test_a_changed_image_is_no_change(engine: FakeEngine) -> None:
    created = SecretVolumeProvider().create(PROPS).outs

    assert SecretVolumeProvider().diff("", created, {**PROPS, "image": "hashicorp/consul:1.22.8"}).changes is False


@pytest.mark.parametrize("left", [None, {}], ids=["removed", "created again by Docker, and empty"])
def test_a_missing_volume_is_replaced(engine: FakeEngine, left: dict[str, str] | None) -> None:
    created = SecretVolumeProvider().create(PROPS).outs
    del engine.labels[created["volume"]]
    if left is not None:
        engine.labels[created["volume"]] = left

    assert SecretVolumeProvider().diff("", created, PROPS).replaces == ["files"]


def test_without_an_answer_of_docker_there_is_no_change(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    created = SecretVolumeProvider().create(PROPS).outs

    def silent(**_: object) -> None:
        raise DockerException("no answer")

    monkeypatch.setattr(docker, "from_env", silent)

    assert SecretVolumeProvider().diff("", created, PROPS).changes is False


def test_deleting_removes_the_volume_and_accepts_that_it_is_missing(engine: FakeEngine) -> None:
    created = SecretVolumeProvider().create(PROPS)

    SecretVolumeProvider().delete(created.id, created.outs)
    SecretVolumeProvider().delete(created.id, created.outs)

    assert engine.labels == {}


def test_files_that_agents_read_again_are_written_into_the_same_volume(engine: FakeEngine) -> None:
    props = {key: PROPS[key] for key in ("image", "directory", "labels", "files")} | {"volume": "dev-server-secrets-0"}
    changed = props | {"files": {"gossip.json": "other"}}
    provider = LiveFilesProvider()
    provider.create(props)

    diff = provider.diff("files", props, changed)
    assert (diff.changes, diff.replaces or []) == (True, [])
    assert provider.diff("files", props, props).changes is False
    provider.update("files", props, changed)
    assert [directory for directory, _ in engine.put] == ["/consul/secrets"] * 2
    assert b"other" in engine.put[1][1]
    assert engine.open_containers == []

"""How a volume of secret files is filled and when it is made anew, on an engine played by hand."""

import io
import tarfile
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.platforms.docker.providers.secret_volume import SecretVolumeProvider
from docker.errors import APIError, DockerException, NotFound

LABELS = {"consul.cluster": "dev"}
PROPS: dict[str, Any] = {
    "prefix": "dev-server-secrets",
    "image": "hashicorp/consul:1.20.6",
    "directory": "/consul/secrets",
    "labels": LABELS,
    "files": {"gossip.json": "{}", "ca.pem": "☃"},
}


class PlayedEngine:
    """Volumes by name with their labels, and what was put into the one container that is lent."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {}
        self.lent: list[dict[str, Any]] = []
        self.put: list[tuple[str, bytes]] = []
        self.full = False
        self.used: set[str] = set()
        self.volumes = SimpleNamespace(create=self._create, get=self._get, list=self._list)
        self.containers = SimpleNamespace(create=self._lend)

    def close(self) -> None:
        pass

    def _create(self, name: str, labels: dict[str, str]) -> Any:
        self.kept[name] = labels
        return self._get(name)

    def _get(self, name: str) -> Any:
        if name not in self.kept:
            raise NotFound(name)
        return SimpleNamespace(name=name, attrs={"Labels": self.kept[name]}, remove=lambda: self._remove(name))

    def _list(self, filters: dict[str, str]) -> list[Any]:
        return [
            self._get(name)
            for name, labels in self.kept.items()
            if filters["label"] in {f"{key}={value}" for key, value in labels.items()}
        ]

    def _remove(self, name: str) -> None:
        if name in self.used:
            raise APIError("volume is in use")
        del self.kept[name]

    def _lend(self, image: str, **spec: Any) -> Any:
        lent = {"image": image, **spec}
        self.lent.append(lent)
        return SimpleNamespace(put_archive=self._put, remove=lambda v: self.lent.remove(lent))

    def _put(self, directory: str, content: bytes) -> None:
        if self.full:
            raise APIError("no space left on device")
        self.put.append((directory, content))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    played = PlayedEngine()
    monkeypatch.setattr(docker, "from_env", lambda: played)
    return played


def test_each_file_is_there_for_the_agent_alone_and_the_lent_container_is_gone(engine: PlayedEngine) -> None:
    made = SecretVolumeProvider().create(PROPS)

    ((directory, content),) = engine.put
    assert directory == "/consul/secrets"
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = {one.name: (one.mode, one.uid, one.gid, archive.extractfile(one)) for one in archive}
        texts = {name: held[3].read().decode() for name, held in found.items() if held[3]}
    assert {held[:3] for held in found.values()} == {(0o400, 100, 1000)}
    assert texts == PROPS["files"]
    assert engine.lent == []
    assert engine.kept == {made.outs["volume"]: LABELS}
    assert made.outs["volume"].startswith("dev-server-secrets-")


def test_the_same_files_have_another_name_each_time(engine: PlayedEngine) -> None:
    names = {SecretVolumeProvider().create(PROPS).outs["volume"] for _ in range(5)}
    assert len(engine.kept) == 1

    assert len(names) == 5


def test_what_a_killed_engine_left_goes_and_what_is_in_use_or_of_others_stays(engine: PlayedEngine) -> None:
    provider = SecretVolumeProvider()
    used = provider.create(PROPS).outs["volume"]
    engine.used = {used}
    left = provider.create(PROPS).outs["volume"]
    others = {"dev-server-secrets-x": LABELS, "dev-client-secrets-0a1b2c3d": LABELS, "dev-server-secrets-0a1b2c3d": {}}
    engine.kept |= others

    made = provider.create(PROPS).outs["volume"]

    assert engine.kept.keys() == {used, made, *others}
    assert left not in engine.kept


def test_what_could_not_be_filled_does_not_stay(engine: PlayedEngine) -> None:
    engine.full = True

    with pytest.raises(APIError):
        SecretVolumeProvider().create(PROPS)

    assert engine.kept == {}
    assert engine.lent == []


def test_other_files_are_another_volume_made_before_the_old_one_goes(engine: PlayedEngine) -> None:
    made = SecretVolumeProvider().create(PROPS).outs

    changed = SecretVolumeProvider().diff("", made, {**PROPS, "files": {"gossip.json": "{}"}})

    assert (changed.changes, changed.replaces, changed.delete_before_replace) == (True, ["files"], False)


def test_another_image_fills_nothing_anew(engine: PlayedEngine) -> None:
    made = SecretVolumeProvider().create(PROPS).outs

    assert SecretVolumeProvider().diff("", made, {**PROPS, "image": "hashicorp/consul:1.20.7"}).changes is False


@pytest.mark.parametrize("left", [None, {}], ids=["taken away", "made anew by Docker, and empty"])
def test_a_volume_that_was_taken_away_is_made_again(engine: PlayedEngine, left: dict[str, str] | None) -> None:
    made = SecretVolumeProvider().create(PROPS).outs
    del engine.kept[made["volume"]]
    if left is not None:
        engine.kept[made["volume"]] = left

    assert SecretVolumeProvider().diff("", made, PROPS).replaces == ["files"]


def test_an_engine_that_does_not_answer_is_no_change(engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SecretVolumeProvider().create(PROPS).outs

    def silent() -> None:
        raise DockerException("no answer")

    monkeypatch.setattr(docker, "from_env", silent)

    assert SecretVolumeProvider().diff("", made, PROPS).changes is False


def test_a_volume_goes_with_all_that_is_in_it_and_may_be_gone_already(engine: PlayedEngine) -> None:
    made = SecretVolumeProvider().create(PROPS)

    SecretVolumeProvider().delete(made.id, made.outs)
    SecretVolumeProvider().delete(made.id, made.outs)

    assert engine.kept == {}

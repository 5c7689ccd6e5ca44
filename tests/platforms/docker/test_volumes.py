"""Deletion of the volume of a server that left, on a fake Docker engine."""

from types import SimpleNamespace
from typing import Any

import docker
import pytest
from consul_on_pulumi.platforms.docker import engine
from docker.errors import APIError, DockerException, NotFound


def removed(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[tuple[str, ...]]:
    done: list[tuple[str, ...]] = []

    def get(name: str) -> Any:
        if error:
            raise error
        return SimpleNamespace(remove=lambda: done.append(("remove", name)))

    client = SimpleNamespace(volumes=SimpleNamespace(get=get), close=lambda: done.append(("close",)))
    monkeypatch.setattr(docker, "from_env", lambda **_: client)
    engine.remove_volume({}, "dev-server-2-data")
    return done


def test_the_volume_of_the_server_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert removed(monkeypatch) == [("remove", "dev-server-2-data"), ("close",)]


def test_a_missing_volume_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert removed(monkeypatch, NotFound("no such volume")) == [("close",)]


def test_a_volume_that_cannot_be_removed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DockerException):
        removed(monkeypatch, APIError("volume is in use"))

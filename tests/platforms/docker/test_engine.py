"""The connection to the Docker engine."""

from pathlib import Path
from types import SimpleNamespace

import consul_on_pulumi
import docker
import pytest
from consul_on_pulumi.platforms.docker import engine


def test_the_connection_is_closed_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(docker, "from_env", lambda: SimpleNamespace(close=lambda: closed.append(True)))

    with pytest.raises(RuntimeError), engine.connect():
        raise RuntimeError

    assert closed == [True]


def test_one_module_opens_connections_so_that_another_host_is_set_in_one_place() -> None:
    package = Path(consul_on_pulumi.__file__).parent

    opening = [path.relative_to(package).as_posix() for path in package.rglob("*.py") if "from_env" in path.read_text()]

    assert opening == ["platforms/docker/engine.py"]

"""The Docker engine of these tests."""

import docker
import pytest

from tests.doubles.fake_docker import FakeDocker


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """An engine on which nothing exists. Tests with an engine of their own replace it."""
    fake = FakeDocker()
    monkeypatch.setattr(docker, "from_env", lambda **_: fake)
    return fake

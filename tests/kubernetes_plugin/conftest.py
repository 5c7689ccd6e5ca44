"""A session on an API server in the process."""

import threading

import pytest

from kubernetes_plugin import session
from kubernetes_plugin.cluster import Cluster
from kubernetes_plugin.engine_log import EngineLog
from kubernetes_plugin.session import Session
from kubernetes_plugin.settings import Settings
from tests.kubernetes_plugin.fake_cluster import FakeConnection


@pytest.fixture
def connection() -> FakeConnection:
    return FakeConnection()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def running(connection: FakeConnection, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(session, "_connect", lambda _: Cluster(connection))
    return Session(settings, EngineLog(""), threading.Event())


@pytest.fixture
def away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session without an API server."""

    def refuse(_: Settings) -> Cluster:
        raise session.UnreachableError("connection refused")

    monkeypatch.setattr(session, "_connect", refuse)
    return Session(settings, EngineLog(""), threading.Event())

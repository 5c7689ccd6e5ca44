import threading
from typing import Any
from unittest import mock

import grpc
import pytest
from consul_on_pulumi import run
from consul_on_pulumi.platforms.docker.api import host, resources
from consul_on_pulumi.platforms.docker.platform import DockerPlatform
from pulumi.runtime import settings
from pulumi.runtime.proto import resource_pb2
from pulumi_docker import _utilities as sdk

ABLE = {resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON}


class Monitor:
    """An engine that starts a provider and then refuses the function."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.done = threading.Event()

    def Invoke(self, request: Any) -> None:  # noqa: N802, the name is gRPC's
        self.asked.append(request)
        self.done.set()
        raise grpc.RpcError


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Monitor:
    made = Monitor()
    monkeypatch.setattr(settings, "get_monitor", lambda: made)
    monkeypatch.setattr(settings.SETTINGS, "monitor_features", ABLE)
    return made


def test_the_dynamic_providers_start_once_before_the_program_has_registered_anything(monitor: Monitor) -> None:
    run.start_provider(run.DYNAMIC)
    run.start_provider(run.DYNAMIC)

    assert monitor.done.wait(10)
    (asked,) = monitor.asked
    assert asked.tok.partition(":")[0] == "pulumi-python"
    assert not asked.version
    # With a URN the provider itself would be asked, which prints a traceback.
    assert [one for one in asked.dependsOn if not one.startswith("urn:")] != []


def test_an_engine_that_would_ask_the_provider_is_not_asked(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.SETTINGS, "monitor_features", set())

    run.start_provider(run.DYNAMIC)

    assert not monitor.done.wait(0.2)


@pytest.mark.parametrize(("own", "started"), [(None, [("docker", resources.release())]), (object(), [])])
def test_a_cluster_on_docker_starts_its_provider_unless_the_program_has_one(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, own: object, started: list[tuple[str, str]]
) -> None:
    component: Any = mock.Mock(get_provider=lambda _kind: own)
    monkeypatch.setattr(host, "parts", lambda _component: {})

    DockerPlatform({"subnet": "172.30.0.0/24"}).connection(component)

    monitor.done.wait(10 if started else 0.2)
    assert [(one.tok.partition(":")[0], one.version) for one in monitor.asked] == started


def test_resources_of_docker_ask_for_the_provider_that_its_own_package_asks_for() -> None:
    its_own: Any = sdk.get_resource_opts_defaults()

    assert resources.release() == its_own.version

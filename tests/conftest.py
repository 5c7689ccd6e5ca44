"""What most tests start from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from consul_on_pulumi.consul import api
from consul_on_pulumi.providers import autopilot, kv_baseline, kv_entries
from hypothesis import settings

from tests.platform_cases import DOCKER, KUBERNETES, PlatformCase
from tests.doubles.fake_consul import FakeConsul

# A busy machine is no failure, and the same commit is tested the same way everywhere.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture(params=[DOCKER, KUBERNETES], ids=str)
def platform(request: pytest.FixtureRequest) -> PlatformCase:
    """Every platform in turn: what is true of a component is true on all of them."""
    found: PlatformCase = request.param
    return found


@pytest.fixture
def consul() -> Iterator[FakeConsul]:
    """A cluster of one server."""
    with FakeConsul() as running:
        yield running


@pytest.fixture
def three() -> Iterator[FakeConsul]:
    """A cluster that answers at three addresses."""
    with FakeConsul(servers=3) as running:
        yield running


@pytest.fixture(scope="session")
def kubernetes() -> Iterator[Path]:
    """The kubeconfig of a cluster of our own with three nodes.

    Here and nowhere else: a second fixture of it in the same run would wait for the lock of the first, for ever.
    """
    from tests.e2e_k8s.stack import of_our_own

    with of_our_own() as kubeconfig:
        yield kubeconfig


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers that give up soon, so that a test of giving up is short."""

    def impatient(addresses: list[str], timeout: float) -> api.Consul:
        return api.Consul(addresses, min(timeout, 0.3))

    request = requests.Session.request

    def hasty(session: requests.Session, *args: Any, timeout: float, **more: Any) -> requests.Response:
        return request(session, *args, timeout=min(timeout, 0.5), **more)

    monkeypatch.setattr(requests.Session, "request", hasty)
    for module in (autopilot, kv_entries, kv_baseline):
        monkeypatch.setattr(module, "Consul", impatient)

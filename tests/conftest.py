"""The fixtures that most tests use."""

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from consul_on_pulumi.providers import connecting, engine_log
from hypothesis import settings
from pulumi import automation

from tests.doubles.fake_consul import FakeConsul
from tests.platform_cases import DOCKER, KUBERNETES, PlatformCase
from tests.tracked_files import WrittenFiles

# A busy machine is no failure, and the same commit is tested the same way everywhere.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> None:
    """Shows why a command of Pulumi failed before all that it printed: some show the start of a report only."""
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, automation.CommandError):
        printed, found, why = str(error).partition("Diagnostics:")
        error.args = (f"{found}{why}\n{printed}",)


@pytest.fixture(scope="session", autouse=True)
def tracked_files() -> Iterator[None]:
    """Fails the run if a test wrote a file that git tracks: tests work on copies."""
    with WrittenFiles() as written:
        yield
    assert not written.found, "tests must not write tracked files:\n" + "\n".join(written.found)


@pytest.fixture(scope="module", autouse=True)
def objects_kept() -> Iterator[None]:
    """What a module leaves (runs of Pulumi, mostly) costs the collector no time in later tests."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings of providers."""
    found: list[str] = []
    monkeypatch.setattr(engine_log, "warn", found.append)
    return found


@pytest.fixture(autouse=True)
def an_update_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that serves dynamic providers lives as long as one update: a test knows no connection of another."""
    monkeypatch.setattr(connecting, "_newest", {})


@pytest.fixture(autouse=True)
def event_loop() -> None:
    """An event loop for the Outputs of a test, also where `asyncio.run` in a test before it took the thread's away."""
    try:
        asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())


@pytest.fixture(params=[DOCKER, KUBERNETES], ids=str)
def platform(request: pytest.FixtureRequest) -> PlatformCase:
    """Every platform in turn."""
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
    """The kubeconfig of a Kubernetes cluster with three nodes, for the tests alone.

    There is no other fixture of it: a second one in the same run would wait for the lock of the first for ever.
    """
    from tests.e2e_k8s.stack import of_our_own

    with of_our_own() as kubeconfig:
        yield kubeconfig


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short timeouts of single requests, so that a test of a timeout is short."""
    request = requests.Session.request

    def short_request(session: requests.Session, *args: Any, **more: Any) -> requests.Response:
        return request(session, *args, **more | {"timeout": min(more["timeout"], 0.5)})

    monkeypatch.setattr(requests.Session, "request", short_request)

"""Clusters for the tests on the real engine."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, stood_up
from tests.e2e.engine import RUN
from tools import environment

SEEDS: dict[str, Any] = {
    "app": {"name": "web", "replicas": 3, "features": {"dark-mode": True}},
    "motd": "Consul on Pulumi",
}
FLAT = {"app/name": "web", "app/replicas": "3", "app/features/dark-mode": "true", "motd": "Consul on Pulumi"}

Factory = Callable[..., Cluster]


@pytest.fixture(scope="session", autouse=True)
def variables() -> Iterator[None]:
    """The variables that `eval "$(make -s env)"` sets."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.variables(environment.tools(), os.environ).items():
            patch.setenv(name, value)
        yield


def _factory(tmp_path_factory: pytest.TempPathFactory, variables: None) -> Iterator[Factory]:
    """`cluster(stack, **settings)`: a cluster that is not up yet, and is removed with the fixture."""
    with ExitStack() as clusters:

        def make(stack: str, **settings: Any) -> Cluster:
            return clusters.enter_context(stood_up(tmp_path_factory.mktemp(stack), f"e2e-{RUN}-{stack}", settings))

        yield make


cluster = pytest.fixture(_factory, name="cluster")
cluster_of_module = pytest.fixture(_factory, scope="module", name="cluster_of_module")


def three_and_one(factory: Factory, stack: str, **settings: Any) -> Cluster:
    """Three servers, a client and the seeds, up and complete."""
    made = factory(stack, servers=3, clients=1, seeds=SEEDS, **settings)
    made.up()
    made.whole()
    return made


@pytest.fixture(scope="module")
def calm(cluster_of_module: Factory) -> Cluster:
    """Three servers, a client and seeds, for tests that change nothing or undo their changes.

    Not one for the whole run: four agents that do nothing take more of a processor than a few new clusters.
    """
    return three_and_one(cluster_of_module, "calm", datacenter="calm")

"""Pulumi's own commands keep their promises on a living cluster."""

import pytest

from tests.e2e import engine
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory, three_and_one

pytestmark = pytest.mark.e2e

CONTAINERS = "**docker:index/container:Container::consul-server-*"
GATES = "**VoterGate::consul-server-*"


@pytest.fixture(scope="module")
def living(cluster_of_module: Factory) -> Cluster:
    return three_and_one(cluster_of_module, "commands")


def ids(cluster: Cluster) -> dict[str, str]:
    return {name: engine.inspect("container", name)["Id"] for name in cluster.containers}


def test_no_target_and_no_exclusion_passes_the_gate_of_a_server(living: Cluster) -> None:
    before = ids(living)
    living.change(server_config={"log_level": "DEBUG"})
    alone = living.pulumi("up", "--yes", "--skip-preview", "--target", CONTAINERS)
    assert "replaced" not in alone
    excluded = living.pulumi("up", "--yes", "--skip-preview", "--exclude", GATES)
    assert "replaced" not in excluded
    assert ids(living) == before

    # What was left out is still to do.
    living.up()
    assert {name for name, id_ in ids(living).items() if id_ != before[name]} == set(living.outputs["servers"])
    living.whole()
    assert "replaced" not in living.pulumi("up", "--yes", "--skip-preview", "--target", CONTAINERS)

"""With `retain_data`, `destroy` keeps the data volumes and nothing else."""

import pytest

from tests.e2e import consul, engine
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory

pytestmark = pytest.mark.e2e


def test_retained_volumes_survive_destroy_and_the_next_up_has_every_key_and_node_id(cluster: Factory) -> None:
    platform = {"docker": {"subnet": engine.free_subnet(), "retain_data": True}}
    made = cluster("kept", servers=3, clients=1, seeds={"seeded": "yes"}, platform=platform)
    made.up()
    made.whole()
    ids = made.node_ids()
    assert consul.put(made.agents[-1], "by-hand", "kept")
    a1_a_copy_with_the_same_name_is_refused_and_its_destroy_deletes_nothing(cluster, made)
    made.destroy()
    assert engine.orphans(made.name) == {"volume": sorted(f"{node}-data" for node in made.nodes)}
    a1_a_copy_with_the_same_name_is_refused_and_its_destroy_deletes_nothing(cluster, made)
    made.up()
    assert f"volume {made.nodes[0]}-data" in "".join(made.log)
    made.whole()
    assert made.node_ids() == ids
    for base in made.agents:
        assert {key: consul.text(base, key) for key in consul.keys(base)} == {"by-hand": "kept", "seeded": "yes"}
    assert made.preview().keys() == {"same"}, made.changed()


def a1_a_copy_with_the_same_name_is_refused_and_its_destroy_deletes_nothing(cluster: Factory, made: Cluster) -> None:
    """Two stack files with the same name and other subnets; the copy does not retain its data."""
    there = engine.orphans(made.name)
    copy = cluster(f"copy{len(there)}", name=made.name, servers=1)
    for operation in ("preview", "up"):
        refusal = copy.refused(operation)
        assert "expected no object of these names, found " in refusal
        assert "belongs to another cluster or another Pulumi state" in refusal
    copy.destroy()
    assert engine.orphans(made.name) == there


def test_a_server_that_was_removed_by_a_smaller_size_returns_without_its_old_data(cluster: Factory) -> None:
    platform = {"docker": {"subnet": engine.free_subnet(), "retain_data": True}}
    made = cluster("shrunk", servers=3, seeds={"seeded": "yes"}, platform=platform)
    made.up()
    made.whole()
    ids = made.node_ids()
    made.change(servers=1)
    made.up()
    made.whole()
    assert engine.orphans(made.name)["volume"] == [f"{made.name}-server-0-data"]
    made.change(servers=3)
    made.up()
    made.whole()
    again = made.node_ids()
    assert [name for name in made.outputs["servers"] if again[name] != ids[name]] == made.outputs["servers"][1:]
    for base in made.agents:
        assert consul.text(base, "seeded") == "yes"
    made.destroy()
    assert engine.orphans(made.name) == {"volume": sorted(f"{node}-data" for node in made.nodes)}
    made.up()
    made.whole()
    assert made.node_ids() == again

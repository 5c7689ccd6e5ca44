"""With `keep_data` the data volumes, and these alone, outlive the cluster."""

import pytest

from tests.e2e import consul, engine
from tests.e2e.conftest import Factory

pytestmark = pytest.mark.e2e


def test_kept_volumes_outlive_destroy_and_the_next_up_finds_every_key_and_node_id(cluster: Factory) -> None:
    placement = {"docker": {"subnet": engine.free_subnet(), "keep_data": True}}
    made = cluster("kept", servers=3, clients=1, seeds={"seeded": "yes"}, placement=placement)
    made.up()
    made.whole()
    ids = made.node_ids()
    assert consul.put(made.agents[-1], "by-hand", "kept")
    made.destroy()
    assert engine.leftovers(made.name) == {"volume": sorted(f"{node}-data" for node in made.nodes)}
    made.up()
    made.whole()
    assert made.node_ids() == ids
    for base in made.agents:
        assert {key: consul.text(base, key) for key in consul.keys(base)} == {"by-hand": "kept", "seeded": "yes"}
    assert made.preview().keys() == {"same"}, made.changed()

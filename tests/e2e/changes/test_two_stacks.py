"""Two stacks on one machine do not affect each other."""

import pytest

from tests.e2e import consul, engine
from tests.e2e.conftest import Factory

pytestmark = pytest.mark.e2e


def test_destroying_one_of_two_clusters_does_not_affect_the_other(cluster: Factory) -> None:
    both = [cluster(name, servers=1, clients=1, seeds={"who": name}) for name in ("one", "other")]
    for made in both:
        made.up()
    for made in both:
        made.whole()
        assert [consul.text(base, "who") for base in made.agents] == [made.settings["seeds"]["who"]] * 2
    one, other = both
    assert one.leader() != other.leader()
    ids = other.node_ids()
    one.destroy()
    assert engine.orphans(one.name) == {}
    other.whole()
    assert other.node_ids() == ids
    assert other.preview().keys() == {"same"}, other.changed()

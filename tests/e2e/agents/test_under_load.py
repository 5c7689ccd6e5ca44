"""A short form of the reliability suite. `make chaos` runs all of it, with targets."""

import pytest

from tests.chaos import interrupted, scenarios
from tests.e2e import consul, engine
from tests.e2e.conftest import SEEDS, Factory

pytestmark = pytest.mark.e2e


def test_no_acknowledged_write_is_lost_in_crashes_rollouts_and_changes_of_size(cluster: Factory) -> None:
    made = cluster("load", servers=3, security={"anonymous": "read"})
    made.up()
    made.whole()

    killed = scenarios.kill_leader(made, "kill")
    with scenarios.other_image() as image:
        updated, took = scenarios.rollout(made, image, "rollout")
        made.whole()
        grown, larger = scenarios.scale(made, 5, "grow")
        made.whole()
        shrunk, smaller = scenarios.scale(made, 3, "shrink")
        made.whole()
        reports = [killed, updated, grown, shrunk]
        assert [scenarios.lost(made, report) for report in reports] == [[], [], [], []]
        made.change(image=None)
        made.up()

    assert killed.gap < 10
    for report in reports[1:]:
        assert scenarios.only_refused(report), report
        assert report.longest < 1
    assert (larger, smaller) == (3, 2)
    assert took < 60
    data = [name for name in engine.labelled("volume", made.name) if name.endswith("-data")]
    assert data == [f"{made.name}-server-{ordinal}-data" for ordinal in range(3)]
    assert interrupted.orphans(made) == []


def test_a_step_to_fewer_servers_than_would_agree_is_refused_in_the_preview(cluster: Factory) -> None:
    made = cluster("shrink", servers=5)
    made.up()
    made.whole()
    engine.docker("stop", f"{made.name}-server-1", f"{made.name}-server-2")
    made.change(servers=3)

    said = made.refused("preview")

    assert "cluster.servers: 1 of the 3 servers that would remain know a leader, expected at least 2" in said
    assert len(made.containers) == 5
    engine.docker("start", f"{made.name}-server-1", f"{made.name}-server-2")


@pytest.mark.parametrize("after", [3.0, 4.5])
def test_an_update_whose_engine_was_killed_is_finished_by_the_next_one(cluster: Factory, after: float) -> None:
    made = cluster("killed", servers=3, seeds=SEEDS, security={})

    interrupted.kill_engine(made, "up", after)
    interrupted.converge(made, "up")
    made.whole()

    assert interrupted.orphans(made) == []
    assert consul.text(made.servers[0], "motd") == SEEDS["motd"]
    assert not set(made.preview()) - {"same"}

"""Snapshots, and a cluster that lost its quorum for good."""

import subprocess
import sys
from pathlib import Path

import pytest
from consul_on_pulumi.cli import recover, retained, snapshot

from tests.e2e import consul, engine
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT, SEEDS, Factory

pytestmark = pytest.mark.e2e


def exported(cluster: Cluster) -> str:
    return engine.docker("exec", f"{cluster.name}-server-0", "consul", "kv", "export")


def test_a_snapshot_brings_every_key_back_into_a_new_cluster(cluster: Factory, tmp_path: Path) -> None:
    made = cluster("snapshot", servers=3, seeds=SEEDS)
    made.up()
    for number in range(200):
        consul.put(made.servers[number % 3], f"app/data/{number}", "x" * number)
    before, file = exported(made), tmp_path / "one.snap"

    snapshot.save(made.servers, file)
    made.destroy()
    assert engine.orphans(made.name) == {}
    made.up()
    snapshot.restore(made.servers, file)

    assert exported(made) == before
    assert file.stat().st_mode & 0o077 == 0
    assert not set(made.preview()) - {"same"}


def test_a_cluster_comes_back_from_the_only_server_that_kept_its_data(cluster: Factory) -> None:
    made = cluster("recovery", servers=3, clients=1, seeds=SEEDS)
    made.up()
    made.whole()
    consul.put(made.servers[0], "precious", "yes")
    lost = [f"{made.name}-server-{ordinal}" for ordinal in (1, 2)]
    engine.docker("rm", "--force", *lost)

    with pytest.raises(SystemExit, match=f"{lost[0]}, {lost[1]} may hold newer data"):
        recover.recover(made.outputs["servers"], made.servers)
    engine.docker("volume", "rm", *(f"{name}-data" for name in lost))
    said = recover.recover(made.outputs["servers"], made.servers)
    made.refresh()
    made.up()
    made.whole()

    assert said.startswith(f"recovered from {made.name}-server-0: ")
    assert consul.text(made.servers[2], "precious") == "yes"
    assert set(consul.keys(made.servers[1])) == {*FLAT, "precious"}
    with pytest.raises(SystemExit, match="there is nothing to recover"):
        recover.recover(made.outputs["servers"], made.servers)


def test_a_command_without_a_cluster_ends_with_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "consul_on_pulumi.cli.snapshot", "save", "no-such-stack"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("the stack no-such-stack has no cluster: run `make up STACK=no-such-stack` first.")
    assert "Traceback" not in done.stderr


def test_what_a_destroy_kept_is_named(cluster: Factory) -> None:
    subnet = engine.free_subnet()
    made = cluster("named", servers=1, platform={"docker": {"subnet": subnet, "retain_data": True}})
    made.up()
    made.destroy()

    assert retained.kept(made.name) == [f"{made.name}-server-0-data"]

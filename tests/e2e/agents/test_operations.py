"""The operator's commands on a real engine: snapshots, a cluster without a quorum, and data after a destroy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.e2e import consul, engine
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT, SEEDS, Factory
from tests.probes import on_docker
from tools import places

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def closed(cluster_of_module: Factory) -> Cluster:
    """A cluster as it is by default: whoever has no token reads nothing."""
    made = cluster_of_module("operated", servers=3, clients=1, seeds=SEEDS, security={})
    made.up()
    made.whole()
    return made


def run(cluster: Cluster, state: Path, command: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command of the operator in the folder of the program."""
    env = {
        **os.environ,
        **cluster.env,
        "PYTHONPATH": str(places.ROOT / "components"),
        "XDG_STATE_HOME": str(state),
    }
    stack = cluster.name.removeprefix("consul-")
    return subprocess.run(
        [sys.executable, "-m", "consul_on_pulumi.cli.main", command, "--stack", stack, *words],
        cwd=cluster.work_dir,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def succeeded(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(cluster: Cluster) -> str:
    return engine.docker("exec", f"{cluster.name}-server-0", "consul", "kv", "export")


def test_a_closed_cluster_withstands_every_probe_but_those_that_are_named(closed: Cluster) -> None:
    tried = on_docker.probed(closed)

    assert tried.unexpected(is_closed=True) == []
    assert len(tried.probes) - tried.withstood <= 4


def test_a_snapshot_brings_every_key_back_into_a_new_cluster_with_other_credentials(
    closed: Cluster, tmp_path: Path
) -> None:
    created, before_token = closed, closed.outputs["management_token"]
    for number in range(200):
        consul.put(created.servers[number % 3], f"app/data/{number}", "x" * number)
    before = exported(created)

    succeeded(run(created, tmp_path, "snapshot"))
    created.destroy()
    assert engine.orphans(created.name) == {}
    created.up()
    succeeded(run(created, tmp_path, "restore"))

    assert exported(created) == before
    created.whole()
    base, token = created.servers[0], created.outputs["management_token"]
    assert token != before_token
    assert consul.call(base, "/v1/acl/token/self", token=token).ok
    with pytest.raises(requests.HTTPError, match="403"):
        consul.call(base, "/v1/acl/token/self", token=before_token)
    (file,) = tmp_path.rglob("*.snap")
    assert file.stat().st_mode & 0o077 == 0
    assert not set(created.preview()) - {"same"}


def test_a_cluster_is_recovered_from_the_only_server_that_kept_its_data(closed: Cluster, tmp_path: Path) -> None:
    created = closed
    consul.put(created.servers[0], "precious", "yes")
    lost = [f"{created.name}-server-{ordinal}" for ordinal in (1, 2)]
    engine.docker("rm", "--force", *lost)

    assert f"{lost[0]}, {lost[1]} may have newer data" in run(created, tmp_path, "recover").stderr
    engine.docker("volume", "rm", *(f"{name}-data" for name in lost))
    printed = succeeded(run(created, tmp_path, "recover"))
    created.refresh()
    created.up()
    created.whole()

    assert printed.startswith(f"recovered from {created.name}-server-0: ")
    assert consul.text(created.servers[2], "precious") == "yes"
    assert {key for key in consul.keys(created.servers[1]) if "data" not in key} == {*FLAT, "precious"}
    assert "there is nothing to recover" in run(created, tmp_path, "recover").stderr


def test_a_command_without_a_cluster_ends_with_one_sentence(cluster: Factory, tmp_path: Path) -> None:
    made = cluster("empty")
    stack = made.name.removeprefix("consul-")

    done = run(made, tmp_path, "snapshot")

    assert done.returncode == 1
    assert done.stderr == f"the stack {stack} has no Consul cluster: run `pulumi up --stack {stack}` first\n"


def test_an_unknown_stack_ends_with_one_sentence(cluster: Factory, tmp_path: Path) -> None:
    done = run(cluster("empty-too"), tmp_path, "recover", "--stack", "no-such-stack")

    assert done.returncode == 1
    assert "no stack named 'no-such-stack' found" in done.stderr
    assert "Traceback" not in done.stderr


def test_retained_data_is_listed(cluster: Factory, tmp_path: Path) -> None:
    subnet = engine.free_subnet()
    created = cluster("retained", servers=1, platform={"docker": {"subnet": subnet, "retain_data": True}})
    created.up()
    assert succeeded(run(created, tmp_path, "retained-data")) == ""
    created.destroy()

    volume = f"{created.name}-server-0-data"
    assert succeeded(run(created, tmp_path, "retained-data")).splitlines() == [
        f"the data of {created.name} was retained, and the next `pulumi up` uses it again: {volume}",
        f"to delete it permanently: docker volume rm {volume}",
    ]

"""A change replaces the servers one by one; the cluster keeps its quorum, its data and its node IDs."""

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
import requests
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT, Factory, three_and_one
from tests.e2e.engine import RUN, docker, inspect

pytestmark = pytest.mark.e2e

OTHER_IMAGE = f"hashicorp/consul:1.22.99-{RUN}"
SERVERS = ["consul-server-0", "consul-server-1", "consul-server-2"]


@pytest.fixture(scope="module")
def rolling(cluster_of_module: Factory) -> Cluster:
    return three_and_one(cluster_of_module, "rolling")


@pytest.fixture(scope="module", autouse=True)
def other_image() -> Iterator[None]:
    """The same image under another name, by which it has a newer release."""
    docker("tag", DEFAULT_IMAGE, OTHER_IMAGE)
    yield
    subprocess.run(["docker", "image", "rm", "--force", OTHER_IMAGE], capture_output=True, check=False)


@contextmanager
def watched(cluster: Cluster) -> Iterator[set[frozenset[str]]]:
    """Every set of servers that gave no answer at the same time while the block ran."""
    seen: set[frozenset[str]] = set()
    over = Event()

    def silent(base: str) -> bool:
        try:
            return not consul.call(base, "/v1/status/leader", timeout=0.5).ok
        except requests.RequestException:
            return True

    def watch() -> None:
        with ThreadPoolExecutor(len(cluster.servers)) as pool:
            while not over.wait(0.1):
                answers = zip(cluster.outputs["servers"], pool.map(silent, cluster.servers), strict=True)
                seen.add(frozenset(name for name, is_silent in answers if is_silent))

    with ThreadPoolExecutor(1) as background:
        watching = background.submit(watch)
        try:
            yield seen
        finally:
            over.set()
            watching.result()


def ids(cluster: Cluster) -> dict[str, str]:
    return {name: inspect("container", name)["Id"] for name in cluster.containers}


def replaced(cluster: Cluster) -> list[str]:
    """Containers in the order in which the last operation replaced them."""
    containers = [*SERVERS, "consul-client-0"]
    return [name for op, name in cluster.steps if op == "create-replacement" and name in containers]


def holds_the_seeds(cluster: Cluster) -> None:
    for base in cluster.agents:
        assert {key: consul.text(base, key) for key in FLAT} == FLAT


def replaces_one_by_one(cluster: Cluster, expected: list[str]) -> None:
    identity, outputs = cluster.node_ids(), set(cluster.outputs["servers"])
    with watched(cluster) as silences:
        cluster.up()
    assert replaced(cluster) == expected
    assert {name for op, name in cluster.changed() if "data" in name} == set()
    assert max(len(silent) for silent in silences) <= 1, silences
    assert set().union(*silences) <= outputs
    cluster.whole()
    assert cluster.node_ids() == identity
    holds_the_seeds(cluster)
    assert cluster.up().keys() == {"same"}, cluster.changed()


def test_a_changed_agent_setting_is_shown_by_its_key_and_replaces_servers_then_clients(rolling: Cluster) -> None:
    rolling.change(agent_config={"log_level": "DEBUG"})
    rolling.preview(diff=True)
    assert re.search(r'~ log_level +: "INFO" => "DEBUG"', "\n".join(rolling.log))
    assert {name for op, name in rolling.changed() if op == "replace"} == {*SERVERS, "consul-client-0"}
    replaces_one_by_one(rolling, [*SERVERS, "consul-client-0"])
    assert consul.ask(rolling.servers[0], "/v1/agent/self")["DebugConfig"]["Logging"]["LogLevel"] == "DEBUG"


def test_a_newer_release_takes_a_snapshot_and_then_replaces_the_servers_in_order(rolling: Cluster) -> None:
    rolling.change(image=OTHER_IMAGE)
    replaces_one_by_one(rolling, [*SERVERS, "consul-client-0"])
    assert Path(rolling.outputs["upgrade_snapshot"]).stat().st_size > 0
    assert rolling.preview().keys() == {"same"}, rolling.changed()
    assert {inspect("container", name)["Config"]["Image"] for name in rolling.containers} == {OTHER_IMAGE}


def test_an_image_that_does_not_exist_changes_no_container(rolling: Cluster) -> None:
    image, before = rolling.settings.get("image"), ids(rolling)
    rolling.change(image="hashicorp/consul:0.0.0-none")
    error = rolling.refused("up")
    assert "hashicorp/consul:0.0.0-none" in error
    assert ids(rolling) == before
    rolling.whole()
    rolling.change(image=image)
    rolling.up()
    assert ids(rolling) == before
    assert rolling.preview().keys() == {"same"}, rolling.changed()


def test_a_setting_that_the_agent_refuses_stops_the_rollout_at_the_first_server(rolling: Cluster) -> None:
    identity, before = rolling.node_ids(), ids(rolling)
    first = rolling.outputs["servers"][0]
    rolling.change(server_config={"performance": {"raft_multiplier": 99}})
    # Also where the engine goes on: the gate of the next server does not open.
    failed = rolling.attempt("up", "--yes", "--skip-preview", "--continue-on-error")
    assert failed.returncode != 0
    error = failed.stdout + failed.stderr
    assert f"{first} ends as soon as it starts with exit status 1 (" in error
    assert "raft_multiplier cannot be 99" in error
    assert {name for name, now in ids(rolling).items() if now != before[name]} == {first}
    rolling.leader(without=first)
    consul.write(rolling.agents[-1], "during", "written")
    rolling.change(server_config=None)
    rolling.up()
    rolling.whole()
    assert rolling.node_ids() == identity
    holds_the_seeds(rolling)
    assert consul.text(rolling.servers[0], "during") == "written"
    assert {name for name, now in ids(rolling).items() if now != before[name]} == {first}
    assert rolling.preview().keys() == {"same"}, rolling.changed()

"""Servers that fail return with their node ID: by themselves where Docker restarts them, else with one `up`."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider

from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import FLAT, Factory, three_and_one
from tests.e2e.engine import docker, inspect, orphans
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def failing(cluster_of_module: Factory) -> Cluster:
    return three_and_one(cluster_of_module, "failing")


@pytest.fixture
def whole(failing: Cluster) -> Cluster:
    """The complete cluster, also after a test that failed."""
    docker("start", *failing.containers)
    failing.whole()
    writes_go_on(failing)
    return failing


def writes_go_on(cluster: Cluster) -> None:
    consul.write(cluster.agents[-1], "by-hand", "kept")


def term(base: str) -> int:
    return int(consul.ask(base, "/v1/agent/self")["Stats"]["raft"]["term"])


def holds_every_key(cluster: Cluster) -> None:
    for base in cluster.agents:
        assert consul.keys(base) == sorted([*FLAT, "by-hand"])
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
        assert consul.text(base, "by-hand") == "kept"


def returns_with_refresh_and_up(cluster: Cluster, gone: str, ids: dict[str, str]) -> None:
    """`refresh` shows the new leader, `up` repairs the server `gone`, and a second `up` does nothing."""
    cluster.refresh()
    assert cluster.outputs["leader_address"] == cluster.leader(without=gone)
    cluster.up()
    assert gone in [f"{cluster.name}{name.removeprefix('consul')}" for _, name in cluster.changed()]
    cluster.whole()
    assert cluster.node_ids() == ids
    holds_every_key(cluster)
    assert cluster.up().keys() == {"same"}, cluster.changed()


def test_a_leader_whose_process_is_killed_rejoins_by_itself_and_refresh_shows_the_new_leader(whole: Cluster) -> None:
    ids, old = whole.node_ids(), whole.leader()
    leader = whole.container(old)
    base = whole.servers[whole.outputs["servers"].index(leader)]
    restarts, before = inspect("container", leader)["RestartCount"], term(base)
    try:
        os.kill(inspect("container", leader)["State"]["Pid"], signal.SIGKILL)
    except (PermissionError, ProcessLookupError):
        pytest.skip("only root on the engine's own machine can kill a container's process")
    eventually(
        f"a restart of {leader}", lambda: inspect("container", leader), lambda now: now["RestartCount"] > restarts
    )
    eventually("an election", lambda: term(base), lambda now: now > before)
    new = whole.whole()
    assert whole.node_ids() == ids
    holds_every_key(whole)
    whole.refresh()
    assert whole.outputs["leader_address"] == new
    assert whole.up().keys() == {"same"}, whole.changed()


def test_a_leader_whose_container_is_killed_is_started_by_refresh_and_up(whole: Cluster) -> None:
    ids, old = whole.node_ids(), whole.leader()
    leader = whole.container(old)
    docker("kill", leader)
    eventually("another leader", lambda: whole.leader(without=leader), lambda now: now != old)
    writes_go_on(whole)
    returns_with_refresh_and_up(whole, leader, ids)


def test_a_server_that_was_removed_by_hand_is_created_again_with_its_node_id_and_data(whole: Cluster) -> None:
    ids = whole.node_ids()
    gone = whole.outputs["servers"][1]
    docker("rm", "--force", gone)
    returns_with_refresh_and_up(whole, gone, ids)


@pytest.mark.parametrize("fault", [("restart",), ("kill", "start")], ids="-then-".join)
def test_all_containers_restarted_at_once_form_the_same_cluster(whole: Cluster, fault: tuple[str, ...]) -> None:
    ids = whole.node_ids()
    for command in fault:
        docker(command, *whole.containers)
    whole.whole()
    assert whole.node_ids() == ids
    holds_every_key(whole)


def test_seeding_continues_when_the_leader_is_lost(whole: Cluster) -> None:
    wanted = {"addresses": whole.servers, "entries": {f"bulk/{number}": "v" * 64 for number in range(30_000)}}
    leader = whole.container(whole.leader())
    base = next(base for base, name in zip(whole.servers, whole.outputs["servers"], strict=True) if name != leader)
    with ThreadPoolExecutor(1) as pool:
        seeding = pool.submit(KvEntriesProvider().create, {**wanted, "revision": 1})
        eventually("the first keys", lambda: consul.keys(base), lambda found: "bulk/1" in found)
        docker("kill", leader)
        assert not seeding.done(), "the leader must be killed before the seeding ends"
        outs = seeding.result(timeout=150).outs
    assert outs

    docker("start", leader)
    whole.whole()
    assert KvEntriesProvider().read("id", outs).outs == outs
    KvEntriesProvider().delete("id", outs)
    holds_every_key(whole)


def pause(name: str) -> None:
    docker("pause", name)


def cut_off(name: str) -> None:
    (network,) = inspect("container", name)["NetworkSettings"]["Networks"]
    docker("network", "disconnect", network, name)


def hang(name: str) -> None:
    """Stop the agent's process with SIGSTOP, as a broken disk does; Docker notices after three health checks."""
    init = inspect("container", name)["State"]["Pid"]
    try:
        for agent in Path(f"/proc/{init}/task/{init}/children").read_text().split():
            os.kill(int(agent), signal.SIGSTOP)
    except (PermissionError, FileNotFoundError):
        pytest.skip("only root on the engine's own machine can stop a container's process")
    eventually(
        f"{name} is unhealthy",
        lambda: inspect("container", name)["State"]["Health"]["Status"],
        lambda health: health == "unhealthy",
        within=90,
    )


@pytest.mark.parametrize(
    ("kind", "fault"), [("server-1", pause), ("server-1", cut_off), ("server-1", hang), ("client-0", cut_off)]
)
def test_the_next_up_repairs_a_container_that_docker_reports_as_running(
    whole: Cluster, kind: str, fault: Callable[[str], None]
) -> None:
    ids, broken = whole.node_ids(), f"{whole.name}-{kind}"
    fault(broken)

    whole.up()

    assert whole.changed() == [("update", f"consul-{kind}-health")]
    whole.whole()
    assert whole.node_ids() == ids
    holds_every_key(whole)
    assert whole.up().keys() == {"same"}, whole.changed()


def test_refresh_shows_that_a_container_is_paused(whole: Cluster) -> None:
    pause(f"{whole.name}-server-2")

    whole.refresh()

    assert whole.preview(diff=True)["update"] == 1
    assert '"paused"' in "".join(whole.log)
    whole.up()
    whole.whole()


def test_a_cluster_whose_containers_are_all_stopped_can_be_destroyed(whole: Cluster) -> None:
    docker("kill", *whole.containers)
    whole.destroy()
    assert orphans(whole.name) == {}

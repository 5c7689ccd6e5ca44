"""Servers that die come back as who they were, by themselves where Docker brings them back, else with one `up`."""

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
def mortal(cluster_of_module: Factory) -> Cluster:
    return three_and_one(cluster_of_module, "mortal")


@pytest.fixture
def whole(mortal: Cluster) -> Cluster:
    """The cluster as it should be, whatever a test that failed left of it."""
    docker("start", *mortal.containers)
    mortal.whole()
    writes_go_on(mortal)
    return mortal


def writes_go_on(cluster: Cluster) -> None:
    consul.write(cluster.agents[-1], "by-hand", "kept")


def term(base: str) -> int:
    return int(consul.ask(base, "/v1/agent/self")["Stats"]["raft"]["term"])


def holds_every_key(cluster: Cluster) -> None:
    for base in cluster.agents:
        assert consul.keys(base) == sorted([*FLAT, "by-hand"])
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
        assert consul.text(base, "by-hand") == "kept"


def comes_back_with_refresh_and_up(cluster: Cluster, gone: str, ids: dict[str, str]) -> None:
    """The stack tells who leads now, brings `gone` back as who it was, and then has nothing left to do."""
    cluster.refresh()
    assert cluster.outputs["leader_address"] == cluster.leader(without=gone)
    cluster.up()
    assert gone in [f"{cluster.name}{name.removeprefix('consul')}" for _, name in cluster.changed()]
    cluster.whole()
    assert cluster.node_ids() == ids
    holds_every_key(cluster)
    assert cluster.up().keys() == {"same"}, cluster.changed()


def test_a_leader_whose_process_is_killed_rejoins_by_itself_and_refresh_tells_the_new_one(whole: Cluster) -> None:
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


def test_a_killed_leader_is_replaced_at_once_and_brought_back_by_refresh_and_up(whole: Cluster) -> None:
    ids, old = whole.node_ids(), whole.leader()
    leader = whole.container(old)
    docker("kill", leader)
    eventually("another leader", lambda: whole.leader(without=leader), lambda now: now != old)
    writes_go_on(whole)
    comes_back_with_refresh_and_up(whole, leader, ids)


def test_a_server_removed_by_hand_is_made_again_with_its_node_id_and_its_data(whole: Cluster) -> None:
    ids = whole.node_ids()
    gone = whole.outputs["servers"][1]
    docker("rm", "--force", gone)
    comes_back_with_refresh_and_up(whole, gone, ids)


@pytest.mark.parametrize("blow", [("restart",), ("kill", "start")], ids="-then-".join)
def test_all_containers_struck_at_once_come_back_as_one_cluster(whole: Cluster, blow: tuple[str, ...]) -> None:
    ids = whole.node_ids()
    for command in blow:
        docker(command, *whole.containers)
    whole.whole()
    assert whole.node_ids() == ids
    holds_every_key(whole)


def test_a_seeding_goes_on_through_the_loss_of_the_leader(whole: Cluster) -> None:
    wanted = {"addresses": whole.servers, "entries": {f"bulk/{number}": "v" * 64 for number in range(30_000)}}
    leader = whole.container(whole.leader())
    base = next(base for base, name in zip(whole.servers, whole.outputs["servers"], strict=True) if name != leader)
    with ThreadPoolExecutor(1) as pool:
        seeding = pool.submit(KvEntriesProvider().create, {**wanted, "revision": 1})
        eventually("the first keys", lambda: consul.keys(base), lambda found: "bulk/1" in found)
        docker("kill", leader)
        assert not seeding.done(), "the leader has to die in the middle"
        outs = seeding.result(timeout=150).outs

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
    """Stop the agent where it stands, as a dying disk would; Docker notices after three health checks."""
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
    ("kind", "blow"), [("server-1", pause), ("server-1", cut_off), ("server-1", hang), ("client-0", cut_off)]
)
def test_what_docker_takes_for_a_running_container_is_mended_by_the_next_up(
    whole: Cluster, kind: str, blow: Callable[[str], None]
) -> None:
    ids, struck = whole.node_ids(), f"{whole.name}-{kind}"
    blow(struck)

    whole.up()

    assert whole.changed() == [("update", f"consul-{kind}-health")]
    whole.whole()
    assert whole.node_ids() == ids
    holds_every_key(whole)
    assert whole.up().keys() == {"same"}, whole.changed()


def test_refresh_tells_what_befell_a_container(whole: Cluster) -> None:
    pause(f"{whole.name}-server-2")

    whole.refresh()

    assert whole.preview(diff=True)["update"] == 1
    assert '"paused"' in "".join(whole.log)
    whole.up()
    whole.whole()


def test_a_cluster_whose_containers_are_all_dead_is_destroyed_without_a_trace(whole: Cluster) -> None:
    docker("kill", *whole.containers)
    whole.destroy()
    assert orphans(whole.name) == {}

"""The k8s stack on the real engine with real pods: up, changes under load, repair and destroy."""

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

from tests.chaos import scenarios
from tests.chaos.load import Report, Writer
from tests.e2e import browser, consul, pulumi_commands
from tests.e2e.agents.test_steady import ROUNDS
from tests.e2e.conftest import FLAT, SEEDS
from tests.e2e.waiting import eventually
from tests.e2e_k8s.stack import PodCluster, stood_up
from tools import places

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(kubernetes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodCluster]:
    """Three servers, a client and the seeds."""
    with stood_up(tmp_path_factory.mktemp("k8s"), "e2e-pods", kubernetes, {"seeds": SEEDS, "clients": 1}) as made:
        made.up()
        made.all_vote(3)
        made.all_ready(3)
        yield made


def writing(stack: PodCluster, prefix: str) -> Writer:
    """Writes through the client's pod, which finds the servers at any address."""
    base = stack.addresses("client")[0]
    return Writer(prefix, lambda: base)


def nothing_lost(stack: PodCluster, report: Report) -> None:
    assert len(report.acknowledged) > 20
    assert scenarios.not_stored(stack.addresses()[0], report) == []


def ui_of(stack: PodCluster) -> str:
    """Base URL of the Service in the output, whose name resolves only inside the cluster."""
    (url,) = stack.outputs["ui_urls"]
    assert url.endswith("/ui/")
    return stack.service(url.removeprefix("http://").partition(".")[0])


def test_the_stack_is_up_with_its_seeds(stack: PodCluster) -> None:
    assert sorted(stack.pods("server")) == [f"{stack.name}-server-{ordinal}" for ordinal in range(3)]
    assert len(stack.pods("client")) == 1
    assert stack.outputs["leader_address"].rpartition(":")[0] in stack.pods("server").values()
    for base in [*stack.addresses(), *stack.addresses("client")]:
        assert {key: consul.text(base, key) for key in FLAT} == FLAT


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_up_refresh_and_preview_change_nothing(stack: PodCluster, number: int) -> None:
    for operation in (stack.up, stack.refresh, stack.preview):
        assert operation().keys() == {"same"}, f"round {number}, {operation.__name__}: {stack.changed()}"


def test_the_ui_and_the_seeds_are_served_where_the_output_says(stack: PodCluster) -> None:
    ui = ui_of(stack)

    assert "Consul" in requests.get(f"{ui}/ui/", timeout=10).text
    assert {key: consul.text(ui, key) for key in FLAT} == FLAT


@pytest.mark.skipif(browser.DRIVER is None, reason="no browser, see tools/browser.py")
@pytest.mark.parametrize("page", ["nodes", "kv"])
def test_the_ui_shows_every_server_and_the_seeded_keys(stack: PodCluster, tmp_path: Path, page: str) -> None:
    wanted = list(stack.outputs["servers"]) if page == "nodes" else ["app", "motd"]

    with browser.browser() as shown:
        shown.open(f"{ui_of(stack)}/ui/{stack.outputs['datacenter']}/{page}")
        eventually(f"{wanted} on the page {page}", shown.text, lambda text: all(word in text for word in wanted))
        shown.picture(tmp_path / f"{page}.png")


def test_another_configuration_rolls_one_server_at_a_time_and_loses_nothing(stack: PodCluster) -> None:
    before = stack.uids()
    stack.change(server_config={"log_level": "DEBUG"})
    fewest = []
    with writing(stack, "roll") as writer:
        watching = threading.Event()

        def watch() -> None:
            while not watching.is_set():
                ready = stack.kubectl.get("statefulset", f"{stack.name}-server", "--namespace", stack.name)
                fewest.append(ready["status"].get("readyReplicas", 0))
                time.sleep(0.5)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        stack.up()
        watching.set()
        watcher.join()

    stack.all_vote(3)
    assert not stack.uids().items() & before.items()
    assert min(fewest) >= 2, "never more than one server away"
    nothing_lost(stack, writer.report)
    assert len(writer.report.failed) <= 0.05 * len(writer.report.acknowledged), str(writer.report)
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_a_bad_configuration_stops_at_the_first_server(stack: PodCluster) -> None:
    before = stack.uids()
    stack.change(server_config={"performance": {"raft_multiplier": 99}})

    message = stack.refused("up")

    kept = [name for name, uid in stack.uids().items() if before.get(name) == uid]
    assert len(kept) == 2
    (replaced,) = before.keys() - set(kept)
    assert replaced in message
    consul.write(stack.addresses("client")[0], "during", "the stop")
    stack.change(server_config=None)
    stack.up()
    stack.all_vote(3)
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_a_client_that_cannot_run_stops_the_update_and_the_old_one_keeps_running(stack: PodCluster) -> None:
    (old,) = stack.pods("client").items()
    stack.change(client_config={"performance": {"raft_multiplier": 99}})
    began = time.monotonic()

    message = stack.refused("up")

    assert "raft_multiplier cannot be 99" in message
    assert time.monotonic() - began < 120
    assert old in stack.pods("client").items()
    consul.write(f"http://{old[1]}:8500", "during", "the stop of clients")
    stack.change(client_config=None)
    stack.up()
    assert [op for op, name in stack.changed() if name == "consul-client-rollout"] == ["update"], (
        "the reverted update is waited for"
    )
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_scaling_servers_up_and_down_loses_nothing(stack: PodCluster) -> None:
    with writing(stack, "scale") as writer:
        for servers, quorum in ((5, 3), (3, 2)):
            stack.change(servers=servers)
            stack.up()
            stack.all_vote(servers)
            found = consul.ask(stack.addresses()[0], "/v1/operator/autopilot/configuration")
            assert found["MinQuorum"] == quorum

    nothing_lost(stack, writer.report)
    claims = stack.kubectl.get("persistentvolumeclaims", "--namespace", stack.name)["items"]
    assert len(claims) == 3
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_a_stateful_set_that_is_targeted_alone_replaces_no_pod_and_gets_no_unchecked_image(stack: PodCluster) -> None:
    before, settings = stack.uids(), stack.settings
    template = {"resources": {"requests": {"cpu": "11m"}}}
    stack.change(image="hashicorp/consul:1.22.99", platform={"kubernetes": template})
    done = stack.pulumi("up", "--yes", "--skip-preview", "--target", "**apps/v1:StatefulSet::*")
    assert "1 updated" in done
    name = f"{stack.name}-server"
    spec = stack.kubectl.get("statefulset", name, "--namespace", stack.name)["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert (container["image"], container["resources"]["requests"]["cpu"]) == (DEFAULT_IMAGE, "11m")
    stack.change(image=None)
    stack.change(**settings)
    stack.up()
    assert stack.uids() == before


def test_all_pods_deleted_at_once_form_one_cluster_again(stack: PodCluster) -> None:
    before = stack.uids()

    stack.kubectl("delete", "pods", "--all", "--namespace", stack.name, "--wait=false")

    eventually("new pods", lambda: stack.uids(), lambda now: len(now) == 3 and not now.items() & before.items(), 120)
    stack.all_vote(3, within=180)
    for base in stack.addresses():
        assert {key: consul.text(base, key) for key in FLAT} == FLAT
    assert stack.up().keys() == {"same"}, stack.changed()


def test_a_lost_claim_is_created_again(stack: PodCluster) -> None:
    name = f"{stack.name}-server-1"
    stack.kubectl("delete", "persistentvolumeclaim", f"data-{name}", "--namespace", stack.name, "--wait=false")
    stack.kubectl("delete", "pod", name, "--namespace", stack.name)

    stack.all_vote(3, within=180)
    assert {key: consul.text(stack.addresses()[1], key) for key in FLAT} == FLAT


def test_claims_grow_and_no_server_is_replaced(stack: PodCluster) -> None:
    before = stack.uids()
    stack.change(platform={"kubernetes": {"storage": {"size": "12Gi"}}})

    stack.up()

    def capacities() -> list[str]:
        claims = stack.kubectl.get("persistentvolumeclaims", "--namespace", stack.name)["items"]
        return [claim["status"]["capacity"]["storage"] for claim in claims]

    eventually("claims of 12Gi", capacities, lambda sizes: sizes == ["12Gi"] * 3)
    assert stack.uids() == before
    assert stack.preview().keys() == {"same"}, stack.changed()
    stack.change(platform={"kubernetes": {"storage": {"size": "11Gi"}}})
    assert "storage.size: expected at least 12Gi" in stack.refused("preview")
    stack.change(platform={"kubernetes": {"storage": {"size": "12Gi"}}})


def test_a_second_node_cannot_be_drained_before_the_first_server_is_ready_again(stack: PodCluster) -> None:
    where = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in stack.items("server")}
    first, second = where[f"{stack.name}-server-0"], where[f"{stack.name}-server-1"]
    assert len(set(where.values())) == 3, "servers are spread"
    drain = ("drain", "--ignore-daemonsets", "--delete-emptydir-data", "--force")
    stays = stack.addresses()[2]
    with Writer("drain", lambda: stays) as writer:
        try:
            stack.kubectl(*drain, first, "--timeout=90s")
            with pytest.raises(AssertionError, match="disruption budget"):
                stack.kubectl(*drain, second, "--timeout=15s")
        finally:
            stack.kubectl("uncordon", first)
            stack.kubectl("uncordon", second)
        stack.all_vote(3, within=180)
    nothing_lost(stack, writer.report)
    assert stack.preview().keys() == {"same"}, stack.changed()


def operation(stack: PodCluster, state: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the operator on this stack, whose names resolve only inside the cluster."""
    env = {**os.environ, **stack.env, "PYTHONPATH": str(places.ROOT / "components"), "XDG_STATE_HOME": str(state)}
    words = [sys.executable, "-m", "consul_on_pulumi.cli.main", command, "--stack", stack.name.removeprefix("consul-")]
    return subprocess.run(words, cwd=stack.work_dir, env=env, capture_output=True, text=True, check=False)


def stored(stack: PodCluster) -> dict[str, str]:
    """Every key with its value."""
    return {entry["Key"]: entry["Value"] for entry in consul.ask(stack.addresses()[0], "/v1/kv/?recurse&consistent")}


def test_a_snapshot_through_the_api_server_restores_every_key(stack: PodCluster, tmp_path: Path) -> None:
    servers = stack.addresses()
    for number in range(20):
        # Random data, since a snapshot is compressed: it must be larger than one frame.
        consul.write(servers[number % 3], f"saved/{number}", secrets.token_hex(100_000))
    kept = stored(stack)

    saved = operation(stack, tmp_path, "snapshot")
    requests.delete(f"{stack.addresses()[0]}/v1/kv/saved/?recurse", timeout=10)
    consul.write(stack.addresses()[0], "motd", "by hand")
    restored = operation(stack, tmp_path, "restore")

    assert saved.returncode == restored.returncode == 0, saved.stderr + restored.stderr
    (file,) = tmp_path.rglob("*.snap")
    assert file.stat().st_size > 1_000_000
    stack.all_vote(3)
    assert stored(stack) == kept
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_a_cluster_with_a_leader_is_not_recovered(stack: PodCluster, tmp_path: Path) -> None:
    done = operation(stack, tmp_path, "recover")

    assert (done.returncode, done.stderr) == (1, "the cluster has a leader, so there is nothing to recover\n")


def test_commands_that_change_nothing_find_nothing(stack: PodCluster) -> None:
    pulumi_commands.find_nothing(stack, stack.uids)


def test_a_resource_renamed_in_the_state_is_the_same_under_its_old_name(stack: PodCluster) -> None:
    pulumi_commands.rename_in_the_state(stack, stack.uids)


def test_another_passphrase_changes_nothing(stack: PodCluster) -> None:
    pulumi_commands.encrypt_with_another_passphrase(stack, stack.uids)


@pytest.mark.parametrize("protect", [False, True], ids=["excluded", "protected"])
def test_a_destroy_without_the_servers_keeps_them_and_their_data(stack: PodCluster, protect: bool) -> None:
    left_out = ["--exclude-protected"] if protect else ["--exclude", "**apps/v1:StatefulSet::*"]
    stack.change(protect=protect)
    stack.up()
    before = stack.uids()
    consul.write(stack.addresses()[0], "kept", str(protect))

    if protect:
        assert "cannot be deleted" in stack.attempt("destroy", "--yes").stdout
        assert stack.uids() == before
    stack.pulumi("destroy", "--yes", *left_out)
    assert stack.uids() == before
    assert stack.pods("client") == {}
    stack.up()

    assert stack.uids() == before
    assert consul.text(stack.addresses()[0], "kept") == str(protect)
    assert {key: consul.text(stack.addresses()[0], key) for key in FLAT} == FLAT
    stack.change(protect=False)
    stack.up()


def test_destroy_deletes_everything_and_no_agent_leaves_before(stack: PodCluster) -> None:
    graces = "jsonpath={.metadata.name} {.metadata.deletionGracePeriodSeconds}{'\\n'}"
    watch = [*stack.kubectl.command, "get", "pods", "--namespace", stack.name, "--watch", "--output", graces]
    servers = stack.pods("server")
    with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as watching:
        stack.destroy()
        watching.terminate()
        seen = {tuple(line.split()) for line in watching.stdout or ()}

    # An open cluster: the engine deletes the clients at the same time. A pod that has ended has no seconds left.
    of_servers = {one for one in seen if one[0] in servers}
    assert of_servers == {(name, *seconds) for name in servers for seconds in ((), ("1",), ("0",))}
    namespaces = [found["metadata"]["name"] for found in stack.kubectl.get("namespaces")["items"]]
    assert stack.name not in namespaces

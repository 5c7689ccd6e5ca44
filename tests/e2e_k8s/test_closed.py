"""A closed cluster of pods: the tutorial, the operator's commands, and what strangers try."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.agents.test_operations import run, succeeded
from tests.e2e.conftest import SEEDS
from tests.e2e.waiting import eventually
from tests.e2e_k8s.stack import PodCluster, stood_up
from tests.probes import on_kubernetes

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def closed(kubernetes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodCluster]:
    """A cluster with the settings of Pulumi.k8s.yaml."""
    settings = {"servers": 3, "clients": 1, "seeds": SEEDS, "security": {}}
    with stood_up(tmp_path_factory.mktemp("closed"), "e2e-closed", kubernetes, settings) as made:
        made.up()
        yield made


def in_pod(stack: PodCluster, *words: str, pod: str = "server-0") -> str:
    """`kubectl exec POD -- consul …`."""
    return stack.kubectl("exec", "--namespace", stack.name, f"{stack.name}-{pod}", "--", "consul", *words).strip()


def answer(stack: PodCluster, *words: str, pod: str) -> str:
    """What `consul …` answers in a pod, also if it fails."""
    try:
        return in_pod(stack, *words, pod=pod)
    except AssertionError as error:
        return str(error)


def test_the_commands_of_the_tutorial_read_with_the_token_in_the_pod(closed: PodCluster) -> None:
    assert len(in_pod(closed, "members").splitlines()) == 5
    assert "encrypted = true" in in_pod(closed, "info")
    assert len(in_pod(closed, "operator", "raft", "list-peers").splitlines()) == 4
    assert in_pod(closed, "kv", "get", "app/name") == "web"
    assert '"key": "app/name"' in in_pod(closed, "kv", "export")
    assert "consul" in in_pod(closed, "catalog", "services")
    with pytest.raises(AssertionError, match="403"):
        in_pod(closed, "kv", "put", "app/name", "stolen")
    token = f"-token={closed.outputs['management_token']}"
    assert "Success" in in_pod(closed, "kv", "put", token, "by-hand", "1")
    for path in ("agent/members", "status/leader", "status/peers", "catalog/services", "kv/motd"):
        assert closed.kubectl(
            "exec", "--namespace", closed.name, f"{closed.name}-server-1", "--", "sh", "-c",
            f'wget -q -O - --header "X-Consul-Token: $(cat $CONSUL_HTTP_TOKEN_FILE)" http://127.0.0.1:8500/v1/{path}',
        )  # fmt: skip


def test_pods_withstand_every_probe_but_those_that_are_named(closed: PodCluster) -> None:
    assert on_kubernetes.probed(closed).unexpected(is_closed=True) == []


def test_a_namespace_among_the_peers_reaches_the_api_and_never_the_ports_of_servers(closed: PodCluster) -> None:
    with on_kubernetes.stranger(closed) as found:
        assert not found.reaches(8501)
        peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": found.namespace}}}
        closed.change(platform={"kubernetes": {"network_policy": {"peers": [peer]}}})
        closed.up()

        assert eventually("the API", lambda: found.reaches(8501), bool, 30)
        assert not [port for port in (8300, 8301, 8500) if found.reaches(port)]
    closed.change(platform={"kubernetes": {}})
    closed.up()


def test_a_lost_quorum_is_recovered_from_the_only_server_that_kept_its_claim(
    closed: PodCluster, tmp_path: Path
) -> None:
    token = f"-token={closed.outputs['management_token']}"
    in_pod(closed, "kv", "put", token, "kept", "by the server that stays")
    lost = [f"{closed.name}-server-{ordinal}" for ordinal in (1, 2)]
    before, claims = closed.uids(), [f"data-{name}" for name in lost]
    closed.kubectl("delete", "persistentvolumeclaim", *claims, "--namespace", closed.name, "--wait=false")
    closed.kubectl("delete", "pod", *lost, "--namespace", closed.name, "--grace-period=0", "--force")
    eventually("new pods", lambda: closed.pods("server"), lambda found: len(found) == 3 and all(found.values()), 60)
    eventually("empty servers", lambda: leaders(closed), lambda found: found == {'""'}, 90)

    assert succeeded(run(closed, tmp_path, "recover")).startswith(f"recovered from {closed.name}-server-0: ")

    peers = "operator raft list-peers"
    eventually("three voters", lambda: in_pod(closed, *peers.split()), lambda text: text.count(" true ") == 3, 120)
    assert before[f"{closed.name}-server-0"] == closed.uids()[f"{closed.name}-server-0"], "restarted in its pod"
    # Until gossip tells a new server the address of the leader, it answers 500.
    stolen = ("kv", "put", "kept", "stolen")
    eventually("a refusal", lambda: answer(closed, *stolen, pod="server-2"), lambda said: "403" in said)
    for pod in ("server-1", "server-2"):
        read = functools.partial(answer, closed, "kv", "get", "kept", pod=pod)
        eventually(f"the key of {pod}", read, lambda said: said == "by the server that stays")
    closed.refresh()
    closed.up()
    assert not set(closed.preview()) - {"same"}, closed.changed()


def leaders(stack: PodCluster) -> set[str]:
    """The leader that each server knows, as JSON; nothing for one that does not answer yet."""
    command = ("wget", "-q", "-O", "-", "http://127.0.0.1:8500/v1/status/leader")
    found = set()
    for name in stack.pods("server"):
        try:
            found.add(stack.kubectl("exec", "--namespace", stack.name, name, "--", *command).strip())
        except AssertionError:
            found.add("")
    return found


def test_a_snapshot_brings_every_key_back_into_a_new_cluster_with_other_credentials(
    closed: PodCluster, tmp_path: Path
) -> None:
    before, token = in_pod(closed, "kv", "export"), closed.outputs["management_token"]
    succeeded(run(closed, tmp_path, "snapshot"))
    closed.destroy()
    closed.up()
    succeeded(run(closed, tmp_path, "restore"))

    assert in_pod(closed, "kv", "export") == before
    assert closed.outputs["management_token"] != token
    assert "there is nothing to recover" in run(closed, tmp_path, "recover").stderr
    assert not set(closed.preview()) - {"same"}, closed.changed()


def test_b8_a_closed_cluster_whose_namespace_somebody_deleted_comes_back(closed: PodCluster) -> None:
    closed.kubectl("delete", "namespace", closed.name, "--wait=true", "--timeout=120s")
    closed.refresh()
    closed.up()

    assert in_pod(closed, "kv", "get", "app/name") == "web"
    assert not set(closed.preview()) - {"same"}, closed.changed()


def test_a_secret_of_a_closed_cluster_that_somebody_deleted_comes_back(closed: PodCluster) -> None:
    closed.kubectl("delete", "secret", f"{closed.name}-server-security", "--namespace", closed.name)

    closed.preview()
    assert ("update", "consul-server-files") in closed.steps
    closed.up()

    closed.kubectl.get("secret", f"{closed.name}-server-security", "--namespace", closed.name)
    assert not set(closed.preview()) - {"same"}, closed.changed()

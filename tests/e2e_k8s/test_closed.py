"""A closed cluster of pods: the tutorial, the operator's commands, and what strangers try."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.agents.test_operations import run, succeeded
from tests.e2e.conftest import SEEDS
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

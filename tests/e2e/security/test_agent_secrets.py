"""Secret files on a real cluster: agents use them, and nobody else can read them."""

import base64
import json

import pytest

from tests.e2e import consul
from tests.e2e.agents.test_rolls import replaced, watched
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory
from tests.e2e.engine import docker

pytestmark = pytest.mark.e2e

KEY = base64.b64encode(b"canary-of-the-gossip-key-32-byte").decode()
TOKEN = "0ca11ab1e-canary-token"
SERVERS = ["consul-server-0", "consul-server-1", "consul-server-2"]


@pytest.fixture(scope="module")
def sealed(cluster_of_module: Factory) -> Cluster:
    made = cluster_of_module("sealed", servers=3, clients=1, seeds={"kept": "yes"})
    made.secret('agent_secrets["gossip.json"]', json.dumps({"encrypt": KEY}))
    return made


def output(cluster: Cluster) -> str:
    """The output of the last operation."""
    return "".join(cluster.log)


def docker_output(cluster: Cluster) -> str:
    """Everything that Docker shows of the agents and of their volumes, with the logs."""
    volumes = docker("volume", "ls", "--quiet", "--filter", f"label=consul.cluster={cluster.name}").split()
    found = [docker("inspect", name) + docker("logs", name) for name in cluster.containers]
    return "".join([*found, docker("volume", "inspect", *volumes)])


def secret_volumes(cluster: Cluster) -> set[str]:
    return {name for name in docker("volume", "ls", "--quiet").split() if name.startswith(f"{cluster.name}-server-sec")}


def test_gossip_is_encrypted_and_a_changed_file_replaces_one_agent_at_a_time_and_no_secret_is_shown(
    sealed: Cluster,
) -> None:
    sealed.preview(diff=True)
    everything = output(sealed)
    sealed.up()
    everything += output(sealed)
    sealed.whole()
    # Every server has this key and no other in both gossip pools, LAN and WAN.
    for ring in consul.ask(sealed.servers[0], "/v1/operator/keyring"):
        assert set(ring["Keys"]) == {KEY}
        assert ring["NumNodes"] in (3, 4)
    assert sealed.up().keys() == {"same"}
    identity, before = sealed.node_ids(), secret_volumes(sealed)
    assert len(before) == 1

    sealed.secret('agent_secrets["tokens.json"]', json.dumps({"acl": {"tokens": {"default": TOKEN}}}))
    sealed.secret('agent_secrets["ca.pem"]', f"{TOKEN} is no certificate")
    sealed.preview(diff=True)
    everything += output(sealed)
    assert {name for op, name in sealed.changed() if op == "replace"} >= {*SERVERS, "consul-client-0"}
    with watched(sealed) as silences:
        sealed.up()
    everything += output(sealed)
    assert replaced(sealed) == [*SERVERS, "consul-client-0"]
    assert max(len(silent) for silent in silences) <= 1, silences
    sealed.whole()
    assert sealed.node_ids() == identity
    assert consul.text(sealed.servers[0], "kept") == "yes"
    assert len(secret_volumes(sealed)) == 1
    assert not secret_volumes(sealed) & before
    for name in sealed.containers:
        found = docker("exec", "--user", "100:1000", name, "ls", "/consul/secrets").split()
        assert found == ["ca.pem", "gossip.json", "tokens.json"]

    sealed.secret('agent_secrets["ca.pem"]', None)
    sealed.refresh()
    everything += output(sealed)
    sealed.up()
    everything += output(sealed)
    for name in sealed.containers:
        assert docker("exec", name, "ls", "/consul/secrets").split() == ["gossip.json", "tokens.json"]
    assert sealed.preview().keys() == {"same"}, sealed.changed()

    everything += sealed.everything_stored() + docker_output(sealed)
    for secret in (KEY, TOKEN):
        assert secret not in everything
        assert base64.b64encode(secret.encode()).decode() not in everything


def test_a_preview_refuses_every_mistake_without_showing_a_value(sealed: Cluster) -> None:
    sealed.secret('agent_secrets["gossip.json"]', json.dumps({"encrypt": KEY, "datacenter": TOKEN}))
    sealed.secret('agent_secrets["broken.json"]', f"{{{TOKEN}")
    try:
        error = sealed.refused("preview")
    finally:
        sealed.secret('agent_secrets["broken.json"]', None)
        sealed.secret('agent_secrets["gossip.json"]', json.dumps({"encrypt": KEY}))
    assert 'agent_secrets["gossip.json"].datacenter: not for agent configuration' in error
    assert 'agent_secrets["broken.json"]: is no JSON, line 1 column 2' in error
    assert TOKEN not in error
    assert KEY not in error


def test_destroy_removes_the_secret_volumes(sealed: Cluster) -> None:
    sealed.destroy()

    assert secret_volumes(sealed) == set()

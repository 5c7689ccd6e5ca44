"""Certificates in Secrets of cert-manager's shape. The test writes them anew, as cert-manager does at a renewal."""

import base64
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.security import x509

from tests.e2e.agents.test_operations import run, succeeded
from tests.e2e.conftest import SEEDS
from tests.e2e.waiting import eventually
from tests.e2e_k8s.stack import PodCluster, stood_up
from tests.e2e_k8s.test_closed import in_pod

pytestmark = pytest.mark.e2e

NOW = datetime.now(UTC)
AUTHORITY, OTHER = (x509.authority(name, 365, NOW) for name in ("issuer", "another issuer"))
SERVERS, CLIENTS = "consul-server-tls", "consul-client-tls"
KUBELET = 150
"""Seconds for a kubelet to bring a changed Secret, and for an agent to see it."""


def issue(cluster: PodCluster, secret: str, name: str, by: x509.Pair = AUTHORITY) -> str:
    """Write the Secret of a Certificate; returns the new certificate."""
    certificate, key = x509.certificate(by, [name, "localhost"], 90, NOW)
    files = {"tls.crt": certificate, "tls.key": key, "ca.crt": by[0]}
    cluster.kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": secret, "namespace": cluster.name},
            "data": {name: base64.b64encode(text.encode()).decode() for name, text in files.items()},
        }
    )
    return certificate


def issue_all(cluster: PodCluster, by: x509.Pair = AUTHORITY) -> dict[str, str]:
    """Both Secrets; returns the certificates by tier."""
    return {
        "server": issue(cluster, SERVERS, "server.dc1.consul", by),
        "client": issue(cluster, CLIENTS, "client.dc1.consul", by),
    }


def shown(cluster: PodCluster) -> set[tuple[str, str]]:
    """The tier of each agent and the certificate that it shows."""
    return {
        (tier, ssl.get_server_certificate((address, 8501)))
        for tier in ("server", "client")
        for address in cluster.pods(tier).values()
    }


def restarts(cluster: PodCluster) -> dict[str, tuple[str, int]]:
    """The UID of each pod, and how often its container was started again."""
    return {
        pod["metadata"]["name"]: (pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"])
        for tier in ("server", "client")
        for pod in cluster.items(tier)
    }


def three_vote(cluster: PodCluster) -> None:
    """Wait until the servers say so to the command in a pod: nobody else can ask a closed cluster."""
    peers = "operator raft list-peers"
    eventually("three voters", lambda: in_pod(cluster, *peers.split()), lambda text: text.count(" true ") == 3, 120)


@pytest.fixture(scope="module")
def issued(kubernetes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodCluster]:
    """A cluster in a namespace that exists, with both Secrets; it is not up yet."""
    settings: dict[str, Any] = {"servers": 3, "clients": 1, "seeds": SEEDS, "security": {}}
    with stood_up(tmp_path_factory.mktemp("issued"), "e2e-issued", kubernetes, settings) as made:
        own = {"namespace": made.name, "certificates": {"servers": SERVERS, "clients": CLIENTS}}
        made.change(platform={"kubernetes": own})
        made.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made.name}})
        yield made


def test_a_secret_that_agents_could_not_use_is_refused(issued: PodCluster) -> None:
    issued.preview()
    assert f"{CLIENTS}, {SERVERS} does not exist yet, so `pulumi up` waits for it" in "".join(issued.log)
    issue_all(issued)
    issue(issued, SERVERS, "web.example.com")
    error = issued.refused("preview")
    assert f"platform.kubernetes.certificates: Secret {SERVERS}: expected the names server.dc1.consul" in error


def test_agents_use_what_is_in_the_secrets_and_a_renewal_needs_neither_this_program_nor_a_restart(
    issued: PodCluster, tmp_path: Path
) -> None:
    made = issue_all(issued)
    issued.up()
    three_vote(issued)
    assert shown(issued) == set(made.items())
    assert issued.outputs["authority"] == AUTHORITY[0]
    assert set(issued.preview()) == {"same"}, issued.changed()
    before = restarts(issued)

    renewed, began = issue_all(issued), datetime.now(UTC)
    eventually("the new certificates", lambda: shown(issued), lambda found: found == set(renewed.items()), KUBELET)
    print(f"renewed in {(datetime.now(UTC) - began).seconds} s")
    assert restarts(issued) == before
    three_vote(issued)
    assert set(issued.preview()) == {"same"}, issued.changed()
    lines = succeeded(run(issued, tmp_path, "certificates")).splitlines()
    assert [line.partition(" ends on ")[0] for line in lines] == [
        f"the {what} in the Secret {secret}" for secret in (CLIENTS, SERVERS) for what in ("authority", "certificate")
    ]


def test_servers_roll_with_the_renewed_certificates(issued: PodCluster) -> None:
    before = issued.uids()
    issued.change(agent_config={"log_level": "WARN"})
    issued.up()
    three_vote(issued)
    assert not set(before.values()) & set(issued.uids().values())
    assert set(issued.preview()) == {"same"}, issued.changed()

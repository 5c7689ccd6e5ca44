"""Certificates of an authority that the program does not have, as Vault issues them: taken, renewed and replaced."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from consul_on_pulumi.security import x509

from tests.chaos import scenarios
from tests.e2e.agents.test_operations import run, succeeded
from tests.e2e.agents.test_rolls import ids
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory

pytestmark = pytest.mark.e2e

NOW = datetime.now(UTC)
VAULT, OTHER = (x509.authority(name, 3650, NOW) for name in ("vault", "other vault"))
SECURITY = {"enabled": True, "anonymous": "read"}
"""The writers of the test speak plain HTTP in the network."""
SERVERS = [f"server-{ordinal}" for ordinal in range(3)]


def issue(cluster: Cluster, *names: str, by: x509.Pair = VAULT, wanted: tuple[str, ...] = ("127.0.0.1",)) -> None:
    """Give these agents other certificates."""
    files: dict[str, str] = {}
    for name in names:
        subject = f"{name.partition('-')[0]}.dc1.consul"
        pair = x509.certificate(by, [subject, *wanted], 90, NOW)
        files |= {f'security_secrets["{name}.{end}"]': text for end, text in zip(("crt", "key"), pair, strict=True)}
    cluster.secrets(files)


def trust(cluster: Cluster, *authorities: x509.Pair) -> None:
    cluster.secret('security_secrets["authority.crt"]', "".join(one for one, _ in authorities))


def shown(cluster: Cluster) -> set[str]:
    """The certificates that the servers show."""
    hosts = [base.removeprefix("http://").partition(":")[0] for _, base in scenarios.direct(cluster)]
    return {ssl.get_server_certificate((host, 8501)) for host in hosts}


@pytest.fixture(scope="module")
def given(cluster_of_module: Factory) -> Cluster:
    made = cluster_of_module("given", servers=3, clients=1, seeds={"app": {"name": "web"}}, security=SECURITY)
    trust(made, VAULT)
    issue(made, *SERVERS, "client")
    return made


def test_what_agents_could_not_use_is_refused_with_its_path_before_anything_is_created(given: Cluster) -> None:
    given.secret('security_secrets["server-1.crt"]', None)
    assert "cluster.security_secrets: expected server-1.crt as well" in given.refused("preview")
    issue(given, "server-1", by=OTHER)
    issue(given, "server-2", wanted=())
    error = given.refused("preview")
    assert "security_secrets.server-1.crt: its issuer CN=other vault is not a trusted authority" in error
    assert "security_secrets.server-2.crt: expected the names 127.0.0.1 as well" in error
    assert given.containers == []
    issue(given, "server-1", "server-2")


def test_agents_use_them_and_a_renewal_restarts_none(given: Cluster, tmp_path: Path) -> None:
    given.up()
    given.whole()
    assert given.outputs["authority"] == VAULT[0]
    before, running = shown(given), ids(given)
    assert len(before) == 3
    assert given.preview().keys() == {"same"}, given.changed()
    lines = succeeded(run(given, tmp_path, "certificates")).splitlines()
    assert len(lines) == 1 + 3 + 1

    issue(given, *SERVERS, "client")
    given.up()
    assert not before & shown(given)
    assert ids(given) == running
    given.whole()
    assert given.preview().keys() == {"same"}, given.changed()


def test_another_authority_is_refused_at_once_and_comes_in_steps_under_writes(given: Cluster) -> None:
    before, running = shown(given), ids(given)
    trust(given, OTHER)
    issue(given, *SERVERS, "client", by=OTHER)
    # The engine stops at the first tier.
    assert ".crt: agents load their files one after the other" in given.refused("preview")
    issue(given, *SERVERS, "client")
    trust(given, VAULT)
    with scenarios.written_to(given, "steps") as report:
        for authorities, by in (((OTHER, VAULT), VAULT), ((OTHER, VAULT), OTHER), ((OTHER,), OTHER)):
            trust(given, *authorities)
            issue(given, *SERVERS, "client", by=by)
            given.up()
    print(f"steps: {report}", {one.problem for one in report.failed})

    assert ids(given) == running
    assert not before & shown(given)
    assert scenarios.lost(given, report) == []
    assert len(report.failed) <= 10
    assert given.outputs["authority"] == OTHER[0]
    given.whole()

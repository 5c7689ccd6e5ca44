from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from consul_on_pulumi.consul import access
from consul_on_pulumi.platforms.docker.providers.raft_peer import RaftPeerProvider
from consul_on_pulumi.platforms.docker.providers.voter_gate import VoterGateProvider
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import ScaleDownProvider
from consul_on_pulumi.platforms.kubernetes.providers.server_rollout import ServerRolloutProvider
from consul_on_pulumi.platforms.kubernetes.providers.voters import VotersProvider
from consul_on_pulumi.providers.autopilot import AutopilotProvider
from consul_on_pulumi.providers.kv_baseline import KvBaselineProvider
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_configured", {})


def session_with(**env: str) -> requests.Session:
    return access.add_credentials(requests.Session(), env)


def configured(**config: str) -> Any:
    return SimpleNamespace(config=config)


def test_without_settings_a_session_has_no_credentials() -> None:
    session = session_with()

    assert "X-Consul-Token" not in session.headers
    assert (session.verify, session.cert) == (True, None)


def test_the_token_comes_from_the_environment_variables_of_the_consul_command(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")

    assert session_with(CONSUL_HTTP_TOKEN="from a variable").headers["X-Consul-Token"] == "from a variable"
    named = session_with(CONSUL_HTTP_TOKEN="x", CONSUL_HTTP_TOKEN_FILE=str(tmp_path / "token"))
    assert named.headers["X-Consul-Token"] == "from a file"


@pytest.mark.parametrize(
    "provider",
    [
        AutopilotProvider,
        KvBaselineProvider,
        KvEntriesProvider,
        ServerRolloutProvider,
        RaftPeerProvider,
        ScaleDownProvider,
        VoterGateProvider,
        VotersProvider,
    ],
    ids=lambda provider: provider.__name__,
)
def test_every_provider_prefers_the_token_of_the_stack(provider: Any) -> None:
    provider().configure(configured(token="of the stack"))

    assert session_with(CONSUL_HTTP_TOKEN="from a variable").headers["X-Consul-Token"] == "of the stack"


def test_without_a_token_of_the_stack_the_environment_counts() -> None:
    KvEntriesProvider().configure(configured())

    assert session_with(CONSUL_HTTP_TOKEN="from a variable").headers["X-Consul-Token"] == "from a variable"


@pytest.mark.parametrize(
    ("env", "verify"),
    [
        ({"CONSUL_CACERT": "ca.pem"}, "ca.pem"),
        ({"CONSUL_CAPATH": "/certificates"}, "/certificates"),
        ({"CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CACERT": "ca.pem"}, False),
        ({"CONSUL_HTTP_SSL_VERIFY": "true"}, True),
    ],
)
def test_server_certificates_are_verified_as_configured(env: dict[str, str], verify: str | bool) -> None:
    assert session_with(**env).verify == verify


def test_the_client_certificate_is_used() -> None:
    assert session_with(CONSUL_CLIENT_CERT="c.pem", CONSUL_CLIENT_KEY="k.pem").cert == ("c.pem", "k.pem")
    assert session_with(CONSUL_CLIENT_CERT="both.pem").cert == ("both.pem", "both.pem")

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from consul_on_pulumi.consul import credentials
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
    monkeypatch.setattr(credentials, "_configured", {})


def equipped(**env: str) -> requests.Session:
    return credentials.equip(requests.Session(), env)


def configured(**config: str) -> Any:
    return SimpleNamespace(config=config)


def test_without_any_setting_a_session_is_as_it_was() -> None:
    session = equipped()

    assert "X-Consul-Token" not in session.headers
    assert (session.verify, session.cert) == (True, None)


def test_the_token_is_taken_from_where_consuls_own_commands_take_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")

    assert equipped(CONSUL_HTTP_TOKEN="from a variable").headers["X-Consul-Token"] == "from a variable"
    named = equipped(CONSUL_HTTP_TOKEN="x", CONSUL_HTTP_TOKEN_FILE=str(tmp_path / "token"))
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
def test_every_provider_takes_the_token_of_the_stack_first(provider: Any) -> None:
    provider().configure(configured(token="of the stack"))

    assert equipped(CONSUL_HTTP_TOKEN="from a variable").headers["X-Consul-Token"] == "of the stack"


def test_a_stack_without_a_token_leaves_it_to_the_environment() -> None:
    KvEntriesProvider().configure(configured())

    assert equipped(CONSUL_HTTP_TOKEN="from a variable").headers["X-Consul-Token"] == "from a variable"


@pytest.mark.parametrize(
    ("env", "verify"),
    [
        ({"CONSUL_CACERT": "ca.pem"}, "ca.pem"),
        ({"CONSUL_CAPATH": "/certificates"}, "/certificates"),
        ({"CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CACERT": "ca.pem"}, False),
        ({"CONSUL_HTTP_SSL_VERIFY": "true"}, True),
    ],
)
def test_a_server_is_known_by_its_authority(env: dict[str, str], verify: str | bool) -> None:
    assert equipped(**env).verify == verify


def test_the_program_shows_its_own_certificate() -> None:
    assert equipped(CONSUL_CLIENT_CERT="c.pem", CONSUL_CLIENT_KEY="k.pem").cert == ("c.pem", "k.pem")
    assert equipped(CONSUL_CLIENT_CERT="both.pem").cert == ("both.pem", "both.pem")

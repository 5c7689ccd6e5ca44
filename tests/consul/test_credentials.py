from pathlib import Path

import pytest
import requests
from consul_on_pulumi.consul import access
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider
from consul_on_pulumi.settings import refusals


def session_with(connection: Connection | None = None, **env: str) -> requests.Session:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in env.items():
            environment.setenv(name, value)
        return access.session(connection or {})


def test_without_settings_a_session_has_no_credentials() -> None:
    session = session_with()

    assert "X-Consul-Token" not in session.headers
    assert (session.verify, session.cert) == (True, None)


def test_the_token_comes_from_the_environment_variables_of_the_consul_command(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")

    assert session_with(CONSUL_HTTP_TOKEN="from a variable").headers["X-Consul-Token"] == "from a variable"
    named = session_with(CONSUL_HTTP_TOKEN="x", CONSUL_HTTP_TOKEN_FILE=str(tmp_path / "token"))
    assert named.headers["X-Consul-Token"] == "from a file"


def test_house_row_12_the_token_of_a_cluster_comes_before_the_environment_and_goes_to_no_other() -> None:
    env = {"CONSUL_HTTP_TOKEN": "from a variable"}

    assert session_with({"token": "of a"}, **env).headers["X-Consul-Token"] == "of a"
    assert session_with({"token": "of b"}, **env).headers["X-Consul-Token"] == "of b"
    assert session_with({}, **env).headers["X-Consul-Token"] == "from a variable"
    assert "X-Consul-Token" not in session_with({}).headers


@pytest.mark.parametrize(
    ("env", "verify"),
    [
        ({"CONSUL_CACERT": __file__}, __file__),
        ({"CONSUL_CAPATH": "/"}, "/"),
        ({"CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CACERT": __file__}, False),
        ({"CONSUL_HTTP_SSL_VERIFY": "F"}, False),
        ({"CONSUL_HTTP_SSL_VERIFY": "true"}, True),
    ],
)
def test_server_certificates_are_verified_as_configured(env: dict[str, str], verify: str | bool) -> None:
    assert session_with({}, **env).verify == verify


def test_the_client_certificate_is_used() -> None:
    key = str(Path(__file__).with_name("__init__.py"))

    assert session_with(CONSUL_CLIENT_CERT=__file__, CONSUL_CLIENT_KEY=key).cert == (__file__, key)
    assert session_with(CONSUL_CLIENT_CERT=__file__).cert == (__file__, __file__)


VARIABLES = ["CONSUL_HTTP_TOKEN_FILE", "CONSUL_CACERT", "CONSUL_CAPATH", "CONSUL_CLIENT_CERT"]


@pytest.mark.parametrize("name", VARIABLES)
def test_c14_a_variable_that_names_a_missing_file_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "/missing")
    expected = (
        f"{name}: '/missing' cannot be read (No such file or directory), correct this environment variable or unset it"
    )

    assert refusals.cluster_problems({"platform": {"docker": {"subnet": "172.30.0.0/24"}}})[0] == [expected]
    with pytest.raises(access.CredentialsError) as caught:
        KvEntriesProvider().delete("id", {"addresses": ["http://127.0.0.1:1"], "entries": {"a": "1"}})
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("env", "problem"),
    [
        ({"CONSUL_CLIENT_KEY": __file__}, "CONSUL_CLIENT_KEY: has no effect without CONSUL_CLIENT_CERT"),
        ({"CONSUL_CACERT": "/"}, "CONSUL_CACERT: '/' cannot be read (Is a directory)"),
        ({"CONSUL_CAPATH": __file__}, f"CONSUL_CAPATH: {__file__!r} cannot be read (Not a directory)"),
        ({"CONSUL_HTTP_SSL_VERIFY": "no"}, "CONSUL_HTTP_SSL_VERIFY: expected true or false, got 'no'"),
    ],
)
def test_c14_a_variable_that_cannot_work_is_refused(env: dict[str, str], problem: str) -> None:
    (found,) = access.problems(env)

    assert found.startswith(problem)


def test_c14_an_empty_variable_is_none() -> None:
    empty = dict.fromkeys([*VARIABLES, "CONSUL_CLIENT_KEY", "CONSUL_HTTP_SSL_VERIFY"], "")

    assert list(access.problems(empty)) == []
    assert (session_with({}, **empty).verify, session_with({}, **empty).cert) == (True, None)


@pytest.mark.parametrize("connection", [{"token": " s3cret\n"}, {}], ids=["cluster", "environment"])
def test_white_space_around_a_token_is_left_out(connection: Connection) -> None:
    assert session_with(connection, CONSUL_HTTP_TOKEN="\ts3cret \n").headers["X-Consul-Token"] == "s3cret"


@pytest.mark.parametrize("token", ["s3cret\nsecond line", "s3crét", "s3\x00cret"], ids=["lines", "letters", "control"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(token.encode("latin-1"))
    expected = "expected one line of ASCII characters"
    remedy = "correct this environment variable or unset it"

    named = {"CONSUL_HTTP_TOKEN_FILE": str(tmp_path / "token"), "CONSUL_HTTP_TOKEN": token}
    assert list(access.problems({"CONSUL_HTTP_TOKEN": token})) == [f"CONSUL_HTTP_TOKEN: {expected} as token, {remedy}"]
    assert list(access.problems(named)) == [f"CONSUL_HTTP_TOKEN_FILE: {expected} as token, {remedy}"]
    with pytest.raises(access.CredentialsError) as caught:
        session_with({"token": token})
    assert str(caught.value) == f"token: {expected}, correct it and run `pulumi up`"

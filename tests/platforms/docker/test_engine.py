"""The connection to the Docker engine."""

import os
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import consul_on_pulumi
import docker
import pytest
import requests
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.api import ssh
from docker.errors import APIError, DockerException, NotFound


def test_the_connection_is_closed_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(docker, "from_env", lambda **_: SimpleNamespace(close=lambda: closed.append(True)))

    with pytest.raises(RuntimeError), engine.connect({}):
        raise RuntimeError

    assert closed == [True]


def test_one_module_opens_connections_so_that_another_host_is_set_in_one_place() -> None:
    package = Path(consul_on_pulumi.__file__).parent

    opening = [path.relative_to(package).as_posix() for path in package.rglob("*.py") if "from_env" in path.read_text()]

    assert opening == ["platforms/docker/api/client.py"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            APIError("500 Server Error for http+docker://localhost", explanation="write /x: no space left on device"),
            "the Docker engine answered 'write /x: no space left on device': the disk of the Docker engine is full: ",
        ),
        (
            APIError("409 Client Error", explanation="remove dev-server-2-data: volume is in use - [0f]"),
            "the Docker engine answered 'remove dev-server-2-data: volume is in use - [0f]': a container outside this "
            "stack uses the volume: remove that container",
        ),
        (
            APIError("500 Server Error", explanation="something new."),
            "the Docker engine answered 'something new': see its",
        ),
        (
            requests.ConnectionError("aborted", PermissionError(13, "Permission denied")),
            "the Docker engine at tcp://x does not answer (Permission denied): let this user use it: `sudo usermod ",
        ),
        (
            requests.ReadTimeout("UnixHTTPConnectionPool(host='localhost', port=None): Read timed out."),
            "the Docker engine at tcp://x does not answer (timed out): see its log, or what is between it and this ",
        ),
        (
            requests.exceptions.SSLError("bad", OSError(1, "[SSL] certificate verify failed")),
            "the Docker engine at tcp://x does not answer ([SSL] certificate verify failed): check $DOCKER_HOST, and ",
        ),
        (
            requests.ConnectionError("aborted", OSError(-2, "Name or service not known")),
            "the Docker engine at tcp://x does not answer (Name or service not known): correct $DOCKER_HOST: no ",
        ),
        (
            requests.ConnectionError("aborted", ConnectionResetError(104, "Connection reset by peer")),
            "the Docker engine at tcp://x does not answer (Connection reset by peer): start it or check $DOCKER_HOST",
        ),
    ],
)
def test_what_the_engine_answered_becomes_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://x")
    monkeypatch.setattr(docker, "from_env", lambda **_: SimpleNamespace(close=lambda: None))

    with pytest.raises(DockerException) as caught, engine.connect({}):
        raise error

    assert str(caught.value).startswith(sentence)


def test_a_missing_object_stays_a_missing_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "from_env", lambda **_: SimpleNamespace(close=lambda: None))

    with pytest.raises(NotFound) as caught, engine.connect({}):
        raise NotFound("404 Client Error for http+docker://x", explanation="No such container: dev-server-0")

    assert str(caught.value) == (
        "the Docker engine answered 'No such container: dev-server-0': run `pulumi refresh`, then `pulumi up`"
    )


SSH = """#!/bin/sh
echo called >> "$CALLS"
[ "$(wc -l < "$CALLS")" -gt "$DROPPED" ] || { echo "Connection closed by 192.0.2.1 port 22" >&2; exit 255; }
for word; do case $word in ControlPath=*) touch "${word#ControlPath=}" ;; esac; done
read -r request
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 22\\r\\n\\r\\n{"ApiVersion": "1.41"}'
"""
"""The first calls fail as where a server drops the connection; then the engine answers."""


@pytest.mark.parametrize(("dropped", "calls"), [(1, 2), (9, ssh.ATTEMPTS)])
def test_an_engine_by_ssh_is_asked_again_where_its_machine_drops_a_connection(
    dropped: int, calls: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ssh").write_text(SSH)
    (tmp_path / "ssh").chmod(0o700)
    called = tmp_path / "calls"
    variables = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "CALLS": str(called), "DROPPED": str(dropped)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ssh, "PAUSE", 0)
    connection: Any = {"docker": {"host": f"ssh://me@dropped-{dropped}.example.com"}}

    refused = pytest.raises(engine.EngineError, match="Connection closed by 192") if dropped >= calls else nullcontext()
    with refused, engine.connect(connection):
        pass

    assert called.read_text().split() == ["called"] * calls


def test_an_engine_on_this_machine_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def from_env(**_: Any) -> Any:
        asked.append(True)
        raise DockerException("Remote end closed connection")

    monkeypatch.setattr(docker, "from_env", from_env)
    with pytest.raises(engine.EngineError, match="Remote end closed"), engine.connect({}):
        pass

    assert len(asked) == 1

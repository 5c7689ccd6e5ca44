"""Two clusters in one program: one on the engine of this machine, one on the engine that a provider names."""

import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.platforms.docker import engine as docker_engine
from docker.errors import DockerException
from pulumi import automation

from tests.e2e import engine, own_daemon, ssh_server, tls_server
from tests.e2e.own_daemon import Daemon
from tests.examples import project

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
import pulumi_docker as docker
from consul_on_pulumi import ConsulCluster

config = pulumi.Config()
far = docker.Provider(
    "far",
    host=config.require("host"),
    ssh_opts=config.require_object("ssh_opts"),
    ca_material=config.get_secret("ca"),
    cert_material=config.get_secret("cert"),
    key_material=config.get_secret("key"),
)
places = {"near": None, "far": pulumi.ResourceOptions(provider=far)}
for name, servers in config.require_object("servers").items():
    settings = {
        "servers": servers,
        "seeds": {"where": name},
        "server_config": {"log_level": config.get("level") or "INFO"},
        "platform": {"docker": {"subnet": config.require("subnet")}},
    }
    cluster = ConsulCluster(name, settings, places[name])
    pulumi.export(name, cluster.leader_address)
"""


NEEDS_DAEMON = pytest.mark.skipif(own_daemon.unavailable() is not None, reason=str(own_daemon.unavailable()))


@contextmanager
def by_tcp(daemon: Daemon, folder: Path) -> Iterator[dict[str, str]]:
    """The settings of a provider that reaches this daemon by TCP."""
    yield {"shop:host": daemon.host, "shop:ssh_opts": "[]"}


@contextmanager
def by_tls(daemon: Daemon, folder: Path) -> Iterator[dict[str, str]]:
    """The same by TLS, with the certificate that the server asks for."""
    with tls_server.running(daemon.socket, folder) as (port, own):
        settings = {"shop:host": f"tcp://127.0.0.1:{port}", "shop:ssh_opts": "[]"}
        yield settings | {f"shop:{name}": pem for name, pem in own.items()}


@contextmanager
def by_ssh(daemon: Daemon, folder: Path) -> Iterator[dict[str, str]]:
    """The same by SSH, as `docker` itself does it."""
    with ssh_server.running(folder) as server:
        yield {
            "shop:host": f"ssh://me@127.0.0.1:{server.port}{daemon.socket}",
            "shop:ssh_opts": json.dumps(server.options),
        }
        # Docker's provider quotes the words.
        asked = {command.replace("'", "") for command in server.commands}
        assert asked == {f"docker --host=unix://{daemon.socket} system dial-stdio"}


@contextmanager
def running_far_away(
    way: Any, servers: dict[str, int], installed: Path, folder: Path, short: Path
) -> Iterator[tuple[Daemon, automation.Stack]]:
    """Another engine in the folder `short`, and a stack of the program that knows this way to it.

    The path of a socket has at most 107 characters.
    """
    program = project.new_project(folder, "shop", PROGRAM)
    with own_daemon.far_away(short) as daemon, way(daemon, folder) as settings:
        config = {**settings, "shop:servers": json.dumps(servers), "shop:subnet": engine.free_subnet()}
        with project.stack_of(program, folder / "run", installed, config) as stack:
            yield daemon, stack


def on(daemon: Daemon, *words: str) -> str:
    """The output of a `docker` command on the other engine."""
    command = ["docker", "--host", daemon.host, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def key(daemon: Daemon, cluster: str) -> str:
    """What the seeds say, as the first server on the other engine answers."""
    return on(daemon, "exec", f"{cluster}-server-0", "consul", "kv", "get", "where")


def identity(daemon: Daemon, cluster: str) -> str:
    """The ID of the first server's container."""
    return str(json.loads(on(daemon, "inspect", f"{cluster}-server-0"))[0]["Id"])


def rolls_and_is_destroyed(daemon: Daemon, stack: automation.Stack, far: str) -> None:
    """Another setting replaces the first server there, which keeps its key; after the destroy nothing is left there."""
    assert key(daemon, far) == "far"
    before = identity(daemon, far)
    stack.set_config("level", automation.ConfigValue("WARN"))
    project.up(stack)
    assert identity(daemon, far) != before
    assert key(daemon, far) == "far"

    stack.destroy()
    assert on(daemon, "ps", "--all", "--quiet") == ""


@NEEDS_DAEMON
def test_house_row_7_everything_is_on_the_engine_that_a_provider_names(
    installed: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    short = tmp_path_factory.mktemp("daemon")
    with running_far_away(by_tcp, {"near": 1, "far": 3}, installed, tmp_path, short) as (daemon, stack):
        outputs = project.up(stack)
        near, far = (f"{name}-{stack.name}" for name in ("near", "far"))
        assert outputs["near"]
        assert outputs["far"]
        running = on(daemon, "ps", "--format", "{{.Names}}").split()
        assert sorted(running) == [f"{far}-server-{ordinal}" for ordinal in range(3)]
        assert engine.labelled("container", near) == [f"{near}-server-0"]
        assert engine.orphans(far) == {}
        assert engine.docker("exec", f"{near}-server-0", "consul", "kv", "get", "where").strip() == "near"
        rolls_and_is_destroyed(daemon, stack, far)
        assert engine.orphans(near) == {}


@NEEDS_DAEMON
@pytest.mark.parametrize("way", [by_tls, by_ssh])
def test_house_row_7_a_provider_reaches_an_engine_as_docker_does(
    installed: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, way: Any
) -> None:
    short = tmp_path_factory.mktemp("daemon")
    with running_far_away(way, {"far": 1}, installed, tmp_path, short) as (daemon, stack):
        project.up(stack)
        rolls_and_is_destroyed(daemon, stack, f"far-{stack.name}")


def test_an_engine_by_ssh_that_cannot_be_reached_is_refused_with_the_words_of_ssh(tmp_path: Path) -> None:
    with ssh_server.running(tmp_path) as server:
        here = f"ssh://me@127.0.0.1:{server.port}"
        stranger = [*server.options[:4], "-o", "UserKnownHostsFile=/dev/null"]
        ways = [
            (here, stranger, "Host key verification failed."),
            (f"{here}/nowhere.sock", server.options, "dial unix /nowhere.sock: connect: no such file or directory"),
            ("ssh://me@127.0.0.1:1", server.options, "connect to host 127.0.0.1 port 1: Connection refused"),
        ]
        for address, options, reason in ways:
            connection: Any = {"docker": {"host": address, "ssh_opts": options}}
            with pytest.raises(DockerException) as refused, docker_engine.connect(connection) as client:
                client.version()
            assert f"the Docker engine at {address} does not answer (" in str(refused.value)
            assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("requests", "limits", "options"),
    [(40, {"startups": 10, "sessions": 10}, []), (2, {}, ["-o", "ControlMaster=no", "-o", "ControlPath=none"])],
    ids=["more than a server takes as it comes", "connections of their own"],
)
def test_an_engine_by_ssh_answers_requests_at_the_same_time(
    tmp_path: Path, requests: int, limits: dict[str, int], options: list[str]
) -> None:
    with ssh_server.running(tmp_path, **limits) as server, ThreadPoolExecutor(requests) as threads:
        address = f"ssh://me@127.0.0.1:{server.port}"
        connection: Any = {"docker": {"host": address, "ssh_opts": [*server.options, *options]}}
        together = threading.Barrier(requests)

        def ask(_number: int) -> str:
            with docker_engine.connect(connection) as client:
                # All hold their session.
                together.wait(30)
                return str(client.version()["ApiVersion"])

        answers = list(threads.map(ask, range(requests)))

        assert len(answers) == requests
        assert len(set(answers)) == 1

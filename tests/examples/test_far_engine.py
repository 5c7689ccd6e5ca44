"""Two clusters in one program: one on the engine of this machine, one on the engine that a provider names."""

import json
import subprocess
from pathlib import Path

import pytest
from pulumi import automation

from tests.e2e import engine, own_daemon
from tests.examples import project

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
import pulumi_docker as docker
from consul_on_pulumi import ConsulCluster

config = pulumi.Config()
far = docker.Provider("far", host=config.require("host"))
for name, opts in (("near", None), ("far", pulumi.ResourceOptions(provider=far))):
    settings = {
        "servers": 1,
        "security": {"enabled": False},
        "seeds": {"where": name},
        "server_config": {"log_level": config.get("level") or "INFO"},
        "platform": {"docker": {"subnet": config.require("subnet")}},
    }
    cluster = ConsulCluster(name, settings, opts)
    pulumi.export(name, cluster.leader_address)
"""


@pytest.mark.skipif(own_daemon.unavailable() is not None, reason=str(own_daemon.unavailable()))
def test_house_row_7_everything_is_on_the_engine_that_a_provider_names(
    installed: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = project.new_project(tmp_path, "shop", PROGRAM)
    with own_daemon.far_away(tmp_path_factory.mktemp("daemon")) as daemon:
        config = {"shop:host": daemon.host, "shop:subnet": engine.free_subnet()}
        with project.stack_of(program, tmp_path / "run", installed, config) as stack:
            outputs = project.up(stack)
            near, far = (f"{name}-{stack.name}" for name in ("near", "far"))

            def on(host: list[str], *words: str) -> str:
                command = ["docker", *host, *words]
                return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

            there = ["--host", daemon.host]
            assert outputs["near"]
            assert outputs["far"]
            assert on(there, "ps", "--format", "{{.Names}}") == f"{far}-server-0"
            assert engine.labelled("container", near) == [f"{near}-server-0"]
            assert engine.orphans(far) == {}
            for host, name, cluster in (([], "near", near), (there, "far", far)):
                assert on(host, "exec", f"{cluster}-server-0", "consul", "kv", "get", "where") == name

            before = json.loads(on(there, "inspect", f"{far}-server-0"))[0]["Id"]
            stack.set_config("level", automation.ConfigValue("WARN"))
            project.up(stack)
            assert json.loads(on(there, "inspect", f"{far}-server-0"))[0]["Id"] != before
            assert on(there, "exec", f"{far}-server-0", "consul", "kv", "get", "where") == "far"

            stack.destroy()
            assert on(there, "ps", "--all", "--quiet") == ""
            assert engine.orphans(near) == {}

"""A program that passes outputs of other resources to a cluster, run several times in one process (Automation API)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE
from pulumi import automation

from tests.e2e import consul, engine

pytestmark = pytest.mark.e2e

NAME = f"e2e-{engine.RUN}-inputs"
CANARY = "canary-91c4f0"


class Program:
    """An inline program; a test changes its settings between two runs."""

    def __init__(self) -> None:
        self.subnet = engine.free_subnet()
        self.config: Callable[[], dict[str, Any]] = dict

    def __call__(self) -> None:
        other = docker.Network("other", name=f"{NAME}-other", labels=[{"label": "consul.cluster", "value": NAME}])
        image = docker.RemoteImage("consul", name=DEFAULT_IMAGE, keep_locally=True)
        made = ConsulCluster(
            "consul",
            {
                "name": NAME,
                "servers": 1,
                "security": {"enabled": False},
                "image": image.name,
                "agent_config": {"node_meta": {"other": other.name}, **self.config()},
                "seeds": {"other": {"id": other.id, "driver": other.driver}, "key": pulumi.Output.secret(CANARY)},
                "seed_sets": {"file": {"files": {"motd": "motd.txt"}}},
                "platform": {"docker": {"subnet": self.subnet, "memory_mib": other.name.apply(lambda _: 256)}},
            },
        )
        pulumi.export("other", other.id)
        pulumi.export("servers", made.http_addresses)


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program) -> Iterator[automation.Stack]:
    # Files of seeds are relative to it.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backend").mkdir()
    env = {"PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(), "PULUMI_CONFIG_PASSPHRASE": "e2e"}
    opts = automation.LocalWorkspaceOptions(work_dir=str(tmp_path), env_vars=env)
    yield automation.create_stack(NAME, project_name="inputs", program=program, opts=opts)
    engine.clear(NAME)


def changed(summary: Any) -> dict[str, int]:
    """The number of resources by operation, without those that stay."""
    found = {str(getattr(op, "value", op)): number for op, number in (summary or {}).items()}
    return {op: number for op, number in found.items() if op != "same"}


def test_house_rows_5_and_11_outputs_as_settings_and_two_runs_in_one_process(
    tmp_path: Path, stack: automation.Stack, program: Program
) -> None:
    (tmp_path / "motd.txt").write_text("first")

    preview = stack.preview(color="never", diff=True).stdout

    # The ID of a network that does not exist yet.
    assert re.search(r"other/id *: \[unknown\]", preview)
    assert CANARY not in preview

    outputs = stack.up(color="never").outputs

    (server,) = outputs["servers"].value
    wanted = {"other/id": outputs["other"].value, "other/driver": "bridge", "key": CANARY, "motd": "first"}
    assert {key: consul.text(server, key) for key in consul.keys(server)} == wanted
    assert consul.ask(server, "/v1/agent/self")["Config"]["NodeName"] == f"{NAME}-server-0"
    assert consul.ask(server, "/v1/agent/self")["Meta"]["other"] == f"{NAME}-other"
    stored = "".join(file.read_text() for file in (tmp_path / "backend").rglob("*.json"))
    assert outputs["other"].value in stored
    assert CANARY not in stored
    assert changed(stack.preview(color="never").change_summary) == {}

    (tmp_path / "motd.txt").write_text("second")
    summary = stack.up(color="never").summary.resource_changes

    assert changed(summary) == {"update": 1}
    assert consul.text(server, "motd") == "second"

    program.config = lambda: {"log_level": pulumi.Output.secret("DEBUG")}
    with pytest.raises(automation.CommandError) as error:
        stack.preview(color="never")
    assert "cluster.agent_config.log_level: is secret, and would be readable by everyone" in str(error.value)
    assert "Traceback" not in str(error.value)

    program.config = lambda: {"log_level": pulumi.Output.from_input("WARN")}
    stack.up(color="never")
    assert consul.ask(server, "/v1/agent/self")["DebugConfig"]["Logging"]["LogLevel"] == "WARN"

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
        self.servers, self.clients = 1, 0

    def __call__(self) -> None:
        other = docker.Network("other", name=f"{NAME}-other", labels=[{"label": "consul.cluster", "value": NAME}])
        image = docker.RemoteImage("consul", name=DEFAULT_IMAGE, keep_locally=True)
        made = ConsulCluster(
            "consul",
            {
                "name": NAME,
                "servers": self.servers,
                "clients": self.clients,
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


def test_no_agent_goes_before_its_gate_where_another_resource_is_deleted_before_its_replacement(
    tmp_path: Path, stack: automation.Stack, program: Program
) -> None:
    """The engine would first delete all containers whose command depends on that resource."""
    (tmp_path / "motd.txt").write_text("first")
    program.servers, program.clients = 3, 2
    word = ["first"]

    def config() -> dict[str, Any]:
        # Docker's provider replaces a volume for another label, and cannot create two with one name.
        made = docker.Volume(
            "word",
            name=f"{NAME}-word",
            labels=[{"label": "consul.cluster", "value": NAME}, {"label": "word", "value": word[0]}],
            opts=pulumi.ResourceOptions(delete_before_replace=True),
        )
        return {"node_meta": {"word": made.labels[1].value if word[0] == "third" else made.name}}

    program.config = config
    stack.up(color="never")
    before = ids()

    word[0] = "second"
    summary = stack.up(color="never").summary.resource_changes
    assert changed(summary) == {"replace": 1}
    assert ids() == before

    word[0] = "third"
    events: list[automation.EngineEvent] = []
    outputs = stack.up(color="never", on_event=events.append).outputs
    after = ids()
    assert len(after) == 5
    assert not {*before.values()} & {*after.values()}
    steps = [
        (event.res_outputs_event.metadata.op, event.res_outputs_event.metadata.urn.rpartition("::")[2])
        for event in events
        if event.res_outputs_event and event.res_outputs_event.metadata.type == "docker:index/container:Container"
    ]
    servers = [(str(getattr(op, "value", op)), name) for op, name in steps if "server" in name]
    assert [name for op, name in servers if op == "delete-replaced"] == [f"consul-server-{n}" for n in range(3)]
    for at in range(0, len(servers), 3):
        # Each is created again before the next one is deleted.
        assert {op for op, _ in servers[at : at + 3]} == {"delete-replaced", "replace", "create-replacement"}
        assert len({name for _, name in servers[at : at + 3]}) == 1
    for server in outputs["servers"].value:
        assert consul.ask(server, "/v1/agent/self")["Meta"]["word"] == "third"


def ids() -> dict[str, str]:
    """Name to ID of every agent's container."""
    return {name: engine.inspect("container", name)["Id"] for name in engine.labelled("container", NAME)}

"""One stack of the real program on the real engine, and its cluster."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pulumi import automation

from tests.e2e import consul, engine
from tests.e2e.waiting import eventually
from tools import places

PROGRAM = ("Pulumi.yaml", "__main__.py", "components", ".venv")
PROJECT = "consul-on-pulumi"
OPEN = {"security": {"enabled": False}}
"""The setting of clusters in tests that are about something else: they start faster, and every request is answered."""
Settings = Mapping[str, Any]


class Stack(automation.Stack):
    """A stack that runs one command after an update, and not three: each derives the key of the passphrase again."""

    def outputs(self) -> automation.OutputMap:
        words = ["stack", "output", "--json", "--show-secrets", "--stack", self.name]
        found = self.workspace.pulumi_command.run(words, self.workspace.work_dir, dict(self.workspace.env_vars))
        return {name: automation.OutputValue(value, secret=False) for name, value in json.loads(found.stdout).items()}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:
        """Nothing of the history: the events tell what an operation changed."""
        return automation.UpdateSummary("", datetime.now(UTC), "", {}, {}, "")


class Cluster:
    """A stack with its settings. An operation of the engine that fails raises automation.CommandError."""

    def __init__(self, stack: automation.Stack, settings: Settings) -> None:
        self._stack = stack
        self.name = f"consul-{stack.name}"
        self.settings: dict[str, Any] = {}
        self.change(**settings)
        self.outputs: dict[str, Any] = {}
        self.log: list[str] = []
        """The output of the last operation."""
        self.steps: list[tuple[str, str]] = []
        """Operation and logical name of every step of the last operation, in the order in which they began."""
        self._changes: dict[str, int] = {}

    @property
    def stack_name(self) -> str:
        return self._stack.name

    @property
    def work_dir(self) -> str:
        return self._stack.workspace.work_dir

    @property
    def env(self) -> Mapping[str, str]:
        return self._stack.workspace.env_vars

    def change(self, **settings: Any) -> None:
        """Write the stack file with these settings replaced; None removes one."""
        self.settings = {key: value for key, value in (self.settings | settings).items() if value is not None}
        file = self._stack.workspace.stack_settings(self._stack.name)
        file.config = {**(file.config or {}), f"{PROJECT}:cluster": self.settings}
        self._stack.workspace.save_stack_settings(self._stack.name, file)

    def secret(self, path: str, value: str | None) -> None:
        """Set an encrypted value of the stack file, or remove it with all below it."""
        if value is None:
            self._stack.remove_config(f"{PROJECT}:{path}", path=True)
        else:
            self._stack.set_config(f"{PROJECT}:{path}", automation.ConfigValue(value, secret=True), path=True)

    def secrets(self, values: Mapping[str, str]) -> None:
        """Set several encrypted values of the stack file, by their paths, with one command."""
        found = {f"{PROJECT}:{path}": automation.ConfigValue(value, secret=True) for path, value in values.items()}
        self._stack.set_all_config(found, path=True)

    def rewrite(self, change: Callable[[list[dict[str, Any]]], None]) -> None:
        """Change the resources of the state with `change`."""
        state = self._stack.export_stack()
        assert state.deployment
        change(state.deployment["resources"])
        self._stack.import_stack(state)

    def everything_stored(self) -> str:
        """All text of the stack file and of the backend: the state, its copies and its history."""
        backend = Path(self.env["PULUMI_BACKEND_URL"].removeprefix("file://"))
        files = [*Path(self.work_dir).glob("Pulumi.*.yaml"), *backend.rglob("*")]
        return "".join(file.read_text(errors="replace") for file in files if file.is_file())

    def up(self) -> dict[str, int]:
        """The number of resources by operation."""
        self._begin()
        done = self._stack.up(on_output=self.log.append, on_event=self._note, color="never")
        self.outputs = {name: output.value for name, output in done.outputs.items()}
        consul.sign_in(self.agents, self.outputs)
        return self._changes

    def refresh(self, *, clear_pending: bool = False) -> dict[str, int]:
        self._begin()
        self._stack.refresh(
            on_output=self.log.append, on_event=self._note, color="never", clear_pending_creates=clear_pending
        )
        self.outputs = {name: output.value for name, output in self._stack.outputs().items()}
        return self._changes

    def preview(self, *, diff: bool = False) -> dict[str, int]:
        self._begin()
        seen = self._stack.preview(on_output=self.log.append, on_event=self._note, color="never", diff=diff)
        return _by_name(seen.change_summary)

    def destroy(self) -> None:
        self._begin()
        self._stack.destroy(on_output=self.log.append, on_event=self._note, color="never")

    def cancel(self) -> None:
        """Remove the lock of an engine that died."""
        self._stack.cancel()

    def pulumi(self, *words: str) -> str:
        """The output of a command of Pulumi's CLI on this stack. The test fails if the command does."""
        done = self.attempt(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def attempt(self, *words: str, stack: str = "", stdin: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
        """A command of Pulumi's CLI on this stack, or on one with another name, which may fail."""
        command = ["pulumi", "--non-interactive", "--color", "never", *words, "--stack", stack or self.stack_name]
        env = {**os.environ, **self.env, "PULUMI_SKIP_UPDATE_CHECK": "true", **env}
        return subprocess.run(
            command, cwd=self.work_dir, env=env, input=stdin, capture_output=True, text=True, check=False
        )

    def physical_names(self) -> set[str]:
        """The names of the Docker and Kubernetes objects in the state."""
        deployment = self._stack.export_stack().deployment
        assert deployment
        resources = deployment.get("resources", [])
        objects = [one["outputs"] for one in resources if one["type"].startswith(("docker:", "kubern"))]
        volumes = {one["id"] for one in resources if one["type"].endswith(":SecretVolume")}
        return volumes | {found.get("metadata", found)["name"] for found in objects}

    def refused(self, operation: str) -> str:
        """The error of an operation that must fail."""
        try:
            getattr(self, operation)()
        except automation.CommandError as error:
            return str(error)
        raise AssertionError(f"{operation} succeeded: {self.steps}")

    def changed(self) -> list[tuple[str, str]]:
        """The steps of the last operation that change something."""
        return [step for step in self.steps if step[0] not in ("same", "read", "refresh")]

    @property
    def containers(self) -> list[str]:
        return engine.labelled("container", self.name)

    @property
    def servers(self) -> list[str]:
        """Base URL of every server."""
        urls: list[str] = self.outputs["http_addresses"][: len(self.outputs["servers"])]
        return urls

    @property
    def agents(self) -> list[str]:
        """Base URL of every agent."""
        urls: list[str] = self.outputs["http_addresses"]
        return urls

    def container(self, address: str) -> str:
        """The container at a Raft address, host and port."""
        host = address.rpartition(":")[0]
        found = {
            network["IPAddress"]: name
            for name in self.containers
            for network in engine.inspect("container", name)["NetworkSettings"]["Networks"].values()
        }
        return found[host]

    def leader(self, *, without: str | None = None, within: float = 30) -> str:
        """The Raft address of the leader on which all servers agree, or all but one."""
        asked = [base for base, name in zip(self.servers, self.outputs["servers"], strict=True) if name != without]
        what = f"one leader for {len(asked)} servers of {self.name}"
        (agreed,) = eventually(
            what, lambda: consul.leaders(asked), lambda found: len(found) == 1 and "" not in found, within
        )
        return agreed

    def whole(self, within: float = 60) -> str:
        """Wait until every agent lists every member as alive and every server votes. Returns the leader's address."""
        nodes = dict.fromkeys(self.nodes, "alive")
        for base in self.agents:
            eventually(f"all alive at {base}", partial(consul.members, base), lambda m: m == nodes, within)
        leader = self.leader(within=within)
        wanted = sorted(self.outputs["servers"])
        for base in self.servers:
            eventually(f"all voters at {base}", partial(consul.voters, base), lambda v: sorted(v) == wanted, within)
        return leader

    @property
    def nodes(self) -> list[str]:
        """Every agent's node name, according to the settings."""
        counts = {"server": self.settings.get("servers", 3), "client": self.settings.get("clients", 0)}
        return [f"{self.name}-{role}-{ordinal}" for role, number in counts.items() for ordinal in range(number)]

    def node_ids(self) -> dict[str, str]:
        """Node ID by node name, as each agent reports itself."""
        reported = [consul.ask(base, "/v1/agent/self")["Config"] for base in self.agents]
        return {config["NodeName"]: config["NodeID"] for config in reported}

    def _begin(self) -> None:
        self.log, self.steps, self._changes = [], [], {}

    def _note(self, event: automation.EngineEvent) -> None:
        if event.summary_event:
            self._changes = _by_name(event.summary_event.resource_changes)
        if event.resource_pre_event:
            step = event.resource_pre_event.metadata
            # The default providers record every change of the stack file, and the components record the settings.
            if "pulumi:providers:" in step.urn or str(step.type).startswith("consul-on-pulumi:"):
                return
            self.steps.append((step.op.value, step.urn.rpartition("::")[2]))


def new_stack(folder: Path, name: str, **env: str) -> automation.Stack:
    """A stack of the program with its own backend and passphrase, and with `env`."""
    # The engine writes stack files beside the program: into this folder, not into the repository.
    project = folder / "project"
    project.mkdir()
    for part in PROGRAM:
        (project / part).symlink_to(places.ROOT / part)
    (folder / "backend").mkdir()
    env |= {"PULUMI_BACKEND_URL": (folder / "backend").as_uri(), "PULUMI_CONFIG_PASSPHRASE": "e2e"}
    # Where snapshots go.
    env["XDG_STATE_HOME"] = str(folder / "state")
    return Stack.create(name, automation.LocalWorkspace(work_dir=str(project), env_vars=env))


@contextmanager
def stood_up(folder: Path, name: str, settings: Settings) -> Iterator[Cluster]:
    """A cluster with its own backend, passphrase and subnet. At the end everything of it is removed."""
    engine.clear(f"consul-{name}")
    stack = new_stack(folder, name)
    subnet = {"platform": {"docker": {"subnet": engine.free_subnet()}}}
    cluster = Cluster(stack, OPEN | subnet | dict(settings))
    try:
        yield cluster
    finally:
        # By force: `destroy` takes half a minute, and has tests of its own.
        engine.clear(cluster.name)


def changes(summary: automation.UpdateSummary) -> dict[str, int]:
    """The number of resources by operation."""
    return _by_name(summary.resource_changes or {})


def _by_name(found: Mapping[Any, int]) -> dict[str, int]:
    return {str(getattr(op, "value", op)): number for op, number in found.items()}

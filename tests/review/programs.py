"""Programs with more than one cluster, or beside other things, whose previews are recorded."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pulumi import automation

from tests.e2e import engine
from tests.e2e_k8s.stack import of_our_own
from tests.examples import project
from tests.examples.in_language import copied_plugin, example
from tools import places

TWO_CLUSTERS = """
import pulumi
import pulumi_docker as docker
from consul_on_pulumi import ConsulCluster

config = pulumi.Config()
host = "unix:///var/run/docker.sock"
docker.Container("queue-server-0", image="hashicorp/consul:1.22.7", entrypoints=["sleep", config.require("sleep")])
for name, servers in (("sales", int(config.require("servers"))), ("stock", 1)):
    engine = docker.Provider(f"engine-of-{name}", host=host)
    settings = {
        "name": f"{name}-e2e",
        "servers": servers,
        "security": {"enabled": False},
        "seeds": {"owner": name},
        "agent_config": {"log_level": config.require("level")} if name == "stock" else {},
        "platform": {"docker": {"subnet": config.require(name)}},
    }
    ConsulCluster(name, settings, pulumi.ResourceOptions(provider=engine))
"""
KUBERNETES = """
import pulumi
import pulumi_kubernetes as kubernetes
from consul_on_pulumi import ConsulCluster

config = pulumi.Config()
there = kubernetes.Provider("there", kubeconfig=config.require("kubeconfig"))
named = {"app": "queue"}
kubernetes.apps.v1.StatefulSet(
    "queue-server",
    metadata={"name": "queue-server", "namespace": "default"},
    spec={
        "replicas": int(config.require("servers")),
        "service_name": "queue",
        "selector": {"match_labels": named},
        "template": {
            "metadata": {"labels": named},
            "spec": {
                "containers": [{"name": "queue", "image": "hashicorp/consul:1.22.7", "command": ["sleep", "3600"]}],
                "termination_grace_period_seconds": 0,
            },
        },
    },
    opts=pulumi.ResourceOptions(provider=there),
)
settings = {
    "name": "sales-e2e",
    "servers": int(config.require("servers")),
    "security": {"enabled": False},
    "seeds": {"owner": "sales"},
    "agent_config": {"log_level": config.require("level")},
    "platform": {"kubernetes": {}},
}
ConsulCluster("sales", settings, pulumi.ResourceOptions(provider=there))
"""
BEFORE = {"servers": "1", "level": "INFO", "sleep": "3600"}
AFTER = {"servers": "3", "level": "WARN", "sleep": "7200"}
OF_PLUGIN = "yaml-plugin"
"""The recording of the example in YAML, whose resources the plugin serves."""
PROGRAMS = {"two-clusters": TWO_CLUSTERS, "kubernetes": KUBERNETES}
"""A program by the name of its recording: BEFORE is what exists, AFTER is what the preview wants."""
RECORDINGS = (*PROGRAMS, OF_PLUGIN)


def recorded_of_plugin(folder: Path) -> list[str]:
    """The event log of a preview that adds two servers and rolls the other agents."""
    (copied_plugin(folder) / ".venv").symlink_to(places.VENV)
    with example("yaml", folder) as made:
        made.change("Pulumi.yaml", ("172.30.6.0/24", engine.free_subnet()))
        made.run("config", "set", "servers", "1")
        made.up()
        made.run("config", "set", "servers", "3")
        made.run("config", "set", "logLevel", "DEBUG")
        return reviewed(project.STACK, made.folder, folder / "events.json", made.env)


def reviewed(stack: str, project_folder: Path, log: Path, env: Mapping[str, str]) -> list[str]:
    """The event log of a review of this stack."""
    command = ["consul-on-pulumi", "review", "--stack", stack, "--event-log", str(log)]
    subprocess.run(command, cwd=project_folder, env=env, capture_output=True, check=False)
    return log.read_text().splitlines()


def recorded(name: str, folder: Path) -> list[str]:
    """The event log of the preview."""
    if name == OF_PLUGIN:
        return recorded_of_plugin(folder)
    installed = project.environment(folder, str(project.PACKAGE))
    with settings(name) as more:
        source = project.new_project(folder, "consul-on-pulumi", PROGRAMS[name])
        config = {f"consul-on-pulumi:{key}": value for key, value in {**BEFORE, **more}.items()}
        with project.stack_of(source, folder / "run", installed, config) as stack:
            stack.up()
            stack.set_all_config(
                {f"consul-on-pulumi:{key}": automation.ConfigValue(value) for key, value in AFTER.items()}
            )
            env = {**os.environ, **stack.workspace.env_vars}
            return reviewed(stack.name, Path(stack.workspace.work_dir), folder / "events.json", env)


@contextmanager
def settings(name: str) -> Iterator[Mapping[str, str]]:
    """What else the program has to know."""
    if name == "two-clusters":
        yield {"sales": engine.free_subnet(), "stock": engine.free_subnet()}
        return
    with of_our_own() as kubeconfig:
        yield {"kubeconfig": kubeconfig.read_text()}


def all_recorded(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each name with its event log."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            yield name, recorded(name, Path(folder))

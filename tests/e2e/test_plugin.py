"""The plugin on a real engine: a program in YAML, and the take-over of a stack between YAML and Python."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e import consul
from tests.e2e.engine import docker, free_subnet
from tests.examples.project import STACK
from tools import places
from tools.pulumi import engine, yaml_host

pytestmark = pytest.mark.e2e

NAME = "languages"
PYTHON = """
import pulumi
from consul_on_pulumi import ConsulCluster

cluster = ConsulCluster("languages", {args})
pulumi.export("httpAddresses", cluster.http_addresses)
"""


class Project:
    """One stack whose program is in YAML or in Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plugin = folder / "components"
        self.subnet = free_subnet()
        shutil.copytree(places.ROOT / "components", self.plugin, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
        # Where PulumiPlugin.yaml says that it is; `pulumi package add` makes one.
        (self.plugin / ".venv").symlink_to(places.VENV)
        (folder / "state").mkdir()
        self.env = {
            **os.environ,
            "PATH": f"{Path(yaml_host.setup(engine.find()).path).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "languages",
        }

    def write_yaml(self, servers: int = 1, level: str = "INFO") -> None:
        properties = {
            "servers": servers,
            "security": {"enabled": False},
            "agentConfig": {"log_level": level},
            "seeds": {"app": {"replicas": 3}},
            "platform": {"docker": {"subnet": self.subnet}},
        }
        # The built language host of Python starts a plugin in this folder, and would run this program in its place.
        (self.folder / "__main__.py").unlink(missing_ok=True)
        resource = {"type": "consul-on-pulumi:ConsulCluster", "properties": properties}
        self._write(
            {
                "runtime": "yaml",
                "packages": {"consul-on-pulumi": str(self.plugin)},
                "resources": {NAME: resource},
                "outputs": {"httpAddresses": f"${{{NAME}.httpAddresses}}"},
            }
        )

    def write_python(self, level: str) -> None:
        args = {
            "servers": 1,
            "security": {"enabled": False},
            "agent_config": {"log_level": level},
            "seeds": {"app": {"replicas": 3}},
            "platform": {"docker": {"subnet": self.subnet}},
        }
        self._write({"runtime": "python"})
        (self.folder / "__main__.py").write_text(PYTHON.format(args=args))

    def _write(self, project: dict[str, Any]) -> None:
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": NAME, **project}))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *command, "--color", "never"], cwd=self.folder, env=self.env, capture_output=True, text=True,
            check=False, timeout=300,
        )  # fmt: skip

    def up(self) -> str:
        done = self.run("up", "--yes", "--skip-preview")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def containers(self) -> str:
        return docker("ps", "--no-trunc", "--filter", f"name={NAME}-{STACK}-", "--format", "{{.ID}} {{.Names}}")


def test_a_program_in_yaml_rolls_is_refused_and_changes_to_python_and_back(variables: None, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write_yaml()
    assert project.run("stack", "init", STACK).returncode == 0
    try:
        project.up()
        base = project.run("stack", "output", "httpAddresses").stdout.split('"')[1]
        assert consul.text(base, "app/replicas") == "3", "a number stays a whole number"

        project.write_yaml(servers=4)
        refused = project.run("preview")
        assert refused.returncode != 0
        assert "cluster.servers: expected an odd number from 1 to 7, got 4" in refused.stdout
        assert "Traceback" not in refused.stdout + refused.stderr

        project.write_yaml(level="DEBUG")
        assert "docker:index:Container languages-server-0 replaced" in project.up()
        before = project.containers()
        assert before

        project.write_python(level="DEBUG")
        assert " unchanged" in (taken := project.up())
        assert "replaced" not in taken
        assert project.run("refresh", "--yes").returncode == 0

        project.write_yaml(level="DEBUG")
        assert "replaced" not in project.up()
        assert project.containers() == before
    finally:
        ended = project.run("destroy", "--yes", "--skip-preview")
    assert ended.returncode == 0, ended.stdout
    assert project.containers() == ""

"""The examples in other languages, each from nothing to a leader, a roll and a destroy."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.e2e import consul
from tests.e2e.engine import docker, free_subnet, orphans
from tests.examples import project
from tests.examples.in_language import Example, copied_plugin, example
from tests.examples.project import PACKAGE

pytestmark = pytest.mark.e2e

PYTHON = """
import pulumi
from consul_on_pulumi import ConsulCluster

cluster = ConsulCluster("yaml-example", {args})
pulumi.export("httpAddresses", cluster.http_addresses)
"""


@pytest.fixture(scope="module")
def folder(variables: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plugin. Its environment is there, since `pulumi package add` takes long to fill one."""
    made = tmp_path_factory.mktemp("languages")
    environment = project.environment(made, str(PACKAGE))
    environment.rename(copied_plugin(made) / ".venv")
    return made


@contextmanager
def on_docker(name: str, folder: Path, file: str, subnet: str) -> Iterator[Example]:
    """An example with a subnet of its own. Nothing is left of it."""
    with example(name, folder, PIP_CONSTRAINT=str(folder / "constraints.txt")) as made:
        made.change(file, (subnet, free_subnet()))
        yield made
    assert orphans(made.cluster) == {}


def containers(made: Example) -> str:
    return docker("ps", "--no-trunc", "--filter", f"name={made.cluster}-", "--format", "{{.ID}} {{.Names}}")


def rolls(made: Example) -> None:
    """From nothing to a leader and to a roll of all agents, with a refusal on the way."""
    made.run("config", "set", "servers", "1")
    outputs = made.up()
    (leader,) = consul.leaders(outputs["httpAddresses"])
    assert outputs["leaderAddress"] == leader
    assert consul.text(outputs["httpAddresses"][0], "app/replicas") == "3", "a number stays a whole number"
    made.refuses("servers", "4", "cluster.servers: expected an odd number from 1 to 7, got 4")
    before = containers(made).splitlines()
    made.run("config", "set", "logLevel", "DEBUG")
    made.up()
    assert len(before) == len(set(containers(made).splitlines()) - set(before)) == 2


def test_typescript(folder: Path) -> None:
    with on_docker("typescript", folder, "index.ts", "172.30.7.0/24") as made:
        made.run("package", "add", "../../components")
        # Only a provider of the program leads to the engine.
        (folder / "docker.sock").symlink_to("/var/run/docker.sock")
        engine = f'new Engine("docker", "engine", {{ host: "unix://{folder}/docker.sock" }})'
        made.env["DOCKER_HOST"] = "unix:///nowhere"
        made.change(
            "index.ts",
            ("const config", "class Engine extends pulumi.ProviderResource {}\nconst config"),
            ("\n});", f"\n}}, {{ provider: {engine} }});"),
        )
        checked = subprocess.run(
            ["npx", "tsc"], cwd=made.folder, env=made.env, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout
        # It was checked: not in each run again, which takes longer than all the rest.
        made.env["PULUMI_NODEJS_TRANSPILE_ONLY"] = "true"
        rolls(made)


def test_go(folder: Path) -> None:
    with on_docker("go", folder, "main.go", "172.30.8.0/24") as made:
        made.run("package", "add", "../../components")
        rolls(made)


def test_yaml_and_a_take_over_by_python_and_back(folder: Path) -> None:
    with on_docker("yaml", folder, "Pulumi.yaml", "172.30.6.0/24") as made:
        in_yaml = yaml.safe_load((made.folder / "Pulumi.yaml").read_text())
        rolls(made)

        before = containers(made)
        settings = {
            "datacenter": "dev",
            "servers": 1,
            "clients": 1,
            "security": {"anonymous": "read"},
            "agent_config": {"log_level": "DEBUG"},
            "seeds": {"app": {"name": "web", "replicas": 3}},
            "platform": in_yaml["resources"]["yaml-example"]["properties"]["platform"],
        }
        (made.folder / "__main__.py").write_text(PYTHON.format(args=settings))
        (made.folder / "Pulumi.yaml").write_text(f"name: {in_yaml['name']}\nruntime: python\n")
        taken = made.run("up", "--yes", "--skip-preview")
        assert " unchanged" in taken
        assert "replaced" not in taken

        (made.folder / "Pulumi.yaml").write_text(yaml.safe_dump(in_yaml))
        assert "replaced" not in made.run("up", "--yes", "--skip-preview")
        assert containers(made) == before

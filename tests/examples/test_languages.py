"""The examples in other languages, each from nothing to a leader, a roll and a destroy."""

import ipaddress
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.e2e import consul
from tests.e2e.engine import docker, free_subnet, inspect, orphans
from tests.examples import project, taken_over
from tests.examples.in_language import Example, copied_plugin, example
from tests.examples.project import PACKAGE

pytestmark = pytest.mark.e2e

TIERS = """
name: consul-yaml
runtime: yaml
packages:
  consul-on-pulumi: ../../components
config:
  logLevel: {{type: string, default: WARN}}
resources:
  server:
    type: consul-on-pulumi:ConsulServer
    properties:
      cluster: {cluster}
      replicas: 3
      agentConfig: {{log_level: "${{logLevel}}"}}
      platform: {{docker: {{subnet: {subnet}, network: {cluster}}}}}
  client:
    type: consul-on-pulumi:ConsulClient
    options: {{dependsOn: ["${{server}}"]}}
    properties:
      cluster: {cluster}
      servers: 3
      platform: {{docker: {{subnet: {subnet}, network: {cluster}}}}}
outputs:
  httpAddresses: ${{server.httpAddresses}}
  clientAddresses: ${{client.httpAddresses}}
"""
"""Both tiers alone, on a network that exists."""


@pytest.fixture(scope="module")
def folder(variables: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plugin. Its environment is there, since `pulumi package add` takes long to fill one."""
    made = tmp_path_factory.mktemp("languages")
    environment = project.environment(made, str(PACKAGE))
    environment.rename(copied_plugin(made) / ".venv")
    return made


@contextmanager
def on_docker(name: str, folder: Path, file: str, subnet: str, copy: str = "") -> Iterator[Example]:
    """An example with a subnet of its own. Nothing is left of it."""
    with example(name, folder, copy, PIP_CONSTRAINT=str(folder / "constraints.txt")) as made:
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
        platform = in_yaml["resources"]["yaml-example"]["properties"]["platform"]
        taken_over.by_python(made, platform)
        assert containers(made) == before
        taken_over.by_yaml(made, in_yaml)
        assert containers(made) == before


def test_the_cluster_of_a_python_program_is_taken_over_by_yaml_which_rolls_and_destroys_it(folder: Path) -> None:
    with on_docker("yaml", folder, "Pulumi.yaml", "172.30.6.0/24", copy="taken-over") as made:
        made.change("Pulumi.yaml", ("yaml-example", "taken-over-example"))
        in_yaml = yaml.safe_load((made.folder / "Pulumi.yaml").read_text())
        made.run("config", "set", "servers", "3")
        made.run("config", "set", "logLevel", "DEBUG")
        platform = in_yaml["resources"]["taken-over-example"]["properties"]["platform"]
        taken_over.written_in_python(made, platform, servers=3)
        made.up()

        before = containers(made)
        taken_over.by_yaml(made, in_yaml)
        assert containers(made) == before
        made.run("config", "set", "logLevel", "INFO")
        outputs = made.up()
        assert len(set(containers(made).splitlines()) - set(before.splitlines())) == 4
        assert len(consul.voters(outputs["httpAddresses"][0])) == 3


@contextmanager
def network(name: str, subnet: str) -> Iterator[None]:
    """A network on Docker that gives agents their fixed addresses, in the lower half."""
    _, upper = ipaddress.ip_network(subnet).subnets()
    docker("network", "create", "--subnet", subnet, "--ip-range", str(upper), name)
    try:
        yield
    finally:
        docker("network", "rm", name)


def test_tiers_in_yaml_roll_server_by_server_and_no_target_passes_the_gates(folder: Path) -> None:
    subnet, name = free_subnet(), f"tiers-example-{project.STACK}"
    with network(name, subnet), example("yaml", folder, "tiers") as made:
        (made.folder / "Pulumi.yaml").write_text(TIERS.format(cluster=name, subnet=subnet))
        outputs = made.up()
        assert len(consul.voters(outputs["httpAddresses"][0])) == 3
        assert consul.leaders(outputs["clientAddresses"]) == consul.leaders(outputs["httpAddresses"])

        before = containers(made).splitlines()
        made.run("config", "set", "logLevel", "DEBUG")
        alone = made.run("up", "--yes", "--skip-preview", "--target", "**docker:index/container:Container::*")
        assert "replaced" not in alone
        assert containers(made).splitlines() == before
        made.up()
        after = containers(made).splitlines()
        replaced = {line.split()[1] for line in set(before) - set(after)}
        assert replaced == {f"{name}-server-{ordinal}" for ordinal in range(3)}
        servers = [inspect("container", f"{name}-server-{ordinal}") for ordinal in range(3)]
        assert all(one["State"]["StartedAt"] < later["Created"] for one, later in pairwise(servers))
        assert len(consul.voters(outputs["httpAddresses"][0])) == 3

        # An output is refused as soon as it is known.
        made.change("Pulumi.yaml", ("      servers: 3\n", "      servers: 3\n      image: ${server.uiUrls[0]}\n"))
        refused = made.attempt("preview")
        assert refused.returncode != 0
        assert re.search(
            r"client\.image: expected an exact version or a digest such as hashicorp/consul:1\.22\.7, "
            r"got 'http://127\.0\.0\.1:\d+/ui/'",
            refused.stdout,
        )
        assert "Traceback" not in refused.stdout + refused.stderr
        made.change("Pulumi.yaml", ("      image: ${server.uiUrls[0]}\n", ""))

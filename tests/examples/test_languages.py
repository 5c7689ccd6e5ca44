"""The examples in other languages, each from nothing to a leader, a roll and a destroy."""

from pathlib import Path

import pytest
import yaml

from tests.e2e import consul
from tests.e2e.engine import docker, free_subnet, orphans
from tests.examples.in_language import Example, example

pytestmark = pytest.mark.e2e

PYTHON = """
import pulumi
from consul_on_pulumi import ConsulCluster

cluster = ConsulCluster("yaml-example", {args})
pulumi.export("httpAddresses", cluster.http_addresses)
"""


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


def test_yaml_and_a_take_over_by_python_and_back(variables: None, tmp_path: Path) -> None:
    subnet = free_subnet()
    with example("yaml", tmp_path) as made:
        made.change("Pulumi.yaml", ("172.30.6.0/24", subnet))
        rolls(made)

        in_yaml = (made.folder / "Pulumi.yaml").read_text()
        before = containers(made)
        settings = {
            "datacenter": "dev",
            "servers": 1,
            "clients": 1,
            "security": {"anonymous": "read"},
            "agent_config": {"log_level": "DEBUG"},
            "seeds": {"app": {"name": "web", "replicas": 3}},
            "platform": {"docker": {"subnet": subnet}},
        }
        program = made.folder / "__main__.py"
        program.write_text(PYTHON.format(args=settings))
        (made.folder / "Pulumi.yaml").write_text(f"name: {yaml.safe_load(in_yaml)['name']}\nruntime: python\n")
        taken = made.run("up", "--yes", "--skip-preview")
        assert " unchanged" in taken
        assert "replaced" not in taken

        # The built language host of Python starts a plugin in this folder, and would run this program in its place.
        program.unlink()
        (made.folder / "Pulumi.yaml").write_text(in_yaml)
        assert "replaced" not in made.run("up", "--yes", "--skip-preview")
        assert containers(made) == before
    assert orphans(made.cluster) == {}

"""Each example registers what its page says, without any engine."""

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import get_root_resource, rpc
from pulumi.runtime.config import set_all_config

from tests.recording import Build, build

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PROJECTS = sorted(path.parent.name for path in EXAMPLES.glob("*/Pulumi.yaml"))
NAMES = [name for name in PROJECTS if (EXAMPLES / name / "__main__.py").exists()]
"""The examples in Python."""
SECRETS = {"project:gossipKey": "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=", "project:databasePassword": "hunter2"}


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """What the pages tell to set."""
    set_all_config(SECRETS, list(SECRETS))
    yield
    set_all_config({}, [])


@pytest.fixture
def example(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Build:
    """One run of an example, in its folder as Pulumi runs it."""
    monkeypatch.chdir(EXAMPLES / request.param)

    def program() -> dict[str, Any]:
        root: Any = get_root_resource()
        root.outputs.clear()
        runpy.run_path("__main__.py", run_name="__main__")
        return dict(root.outputs)

    return build(program)


def of(name: str) -> pytest.MarkDecorator:
    """The test is about this example."""
    return pytest.mark.parametrize("example", [name], indirect=True, ids=[name])


@pytest.mark.parametrize("example", NAMES, indirect=True)
def test_every_example_runs_without_warnings_and_exports_addresses(example: Build) -> None:
    assert example.log == []
    addresses = [value for name, value in example.outputs.items() if name.endswith("http_addresses")]
    assert addresses
    assert all(addresses)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_passes_a_strict_type_check(name: str) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", f"examples/{name}/__main__.py"]
    env = {**os.environ, "MYPYPATH": "components"}

    checked = subprocess.run(command, cwd=EXAMPLES.parent, env=env, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", PROJECTS)
def test_every_example_is_a_project_of_its_own(name: str) -> None:
    folder = EXAMPLES / name
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())

    assert project["name"] == f"consul-{name}"
    assert project["description"]
    if name in NAMES:
        assert project["runtime"]["name"] == "python"
        assert (folder / "requirements.txt").read_text().splitlines()[-1] == "../../components"
    assert (folder / "README.md").read_text().startswith("# ")


def test_every_example_is_in_the_table() -> None:
    listed = re.findall(r"^\| (\[.+?) \| ", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    names = [name for row in listed for name in re.findall(r"\[([a-z-]+)\]", row)]

    assert sorted(names) == PROJECTS


def test_no_two_examples_share_a_subnet_or_a_name() -> None:
    programs = [path.read_text() for name in PROJECTS for path in (EXAMPLES / name).iterdir() if path.is_file()]
    found = [subnet for program in programs for subnet in re.findall(r"\b172\.30\.\d+\.0/24", program)]

    assert len(found) == len(set(found)) == len(PROJECTS) - 1, "all but Kubernetes"


@of("docker")
def test_docker_has_three_servers_and_a_client(example: Build) -> None:
    assert [one.inputs["name"] for one in example.of("Container")] == [
        "docker-example-stack-client-0",
        *(f"docker-example-stack-server-{ordinal}" for ordinal in range(3)),
    ]


@of("kubernetes")
def test_kubernetes_has_three_servers_and_a_client(example: Build) -> None:
    (servers,) = example.of("StatefulSet")
    (clients,) = example.of("Deployment")

    assert (servers.inputs["spec"]["replicas"], clients.inputs["spec"]["replicas"]) == (3, 1)
    assert servers.inputs["metadata"]["labels"]["team"] == "shop"


@of("existing-network")
def test_agents_join_the_network_of_the_program(example: Build) -> None:
    (network,) = example.of("Network")

    assert network.parent == "project-stack"
    assert len(example.of("Container")) == 5
    for container in example.of("Container"):
        assert "lan" in container.input_from["networksAdvanced"]


@of("larger-program")
def test_the_application_starts_after_the_seeds(example: Build) -> None:
    application = example["application"]

    assert "consul-seeds" in application.depends_on
    assert "shop" in application.input_from["networksAdvanced"]


@of("secrets")
def test_secrets_reach_the_engine_encrypted_and_no_container(example: Build) -> None:
    (database,) = [one for one in example.of("KvEntries") if one.name == "secrets-example-seeds-database"]
    servers, clients = sorted(one.name for one in example.of("SecretVolume"))

    assert database.inputs["entries"].keys() == {"database/host", "database/user"}
    for kept in (database.inputs["secrets"], example[servers].inputs["files"], example[clients].inputs["files"]):
        assert kept[rpc._special_sig_key] == rpc._special_secret_sig
    for text in SECRETS.values():
        assert text not in repr([one.inputs for one in example.of("Container")])


@of("seed-sets")
def test_there_is_one_set_for_each_folder_of_a_team(example: Build) -> None:
    teams = {path.name for path in (EXAMPLES / "seed-sets" / "teams").iterdir()}
    sets = {one.name for one in example.of("KvEntries")} - {"seeds-example-seeds"}

    assert sets == {f"seeds-example-seeds-{name}" for name in (*teams, "features", "imported", "defaults", "audit")}

"""The plugin by the address of its repository: nothing of it is on the machine before."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.engine import free_subnet
from tests.examples import git_server
from tests.examples.in_language import example
from tests.examples.project import constraints
from tools import places

pytestmark = pytest.mark.e2e


@pytest.mark.skipif(not (places.ROOT / ".git").exists(), reason="this folder is no clone")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen at the usual port")
def test_pulumi_adds_the_package_by_the_address_of_its_repository(variables: None, tmp_path: Path) -> None:
    repository, home = tmp_path / "acme" / "on-pulumi.git", tmp_path / "home"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(places.ROOT), str(repository)], check=True)
    for plugin in (Path(os.environ["PULUMI_HOME"]) / "plugins").glob("resource-docker-*[0-9]"):
        shutil.copytree(plugin, home / "plugins" / plugin.name)
    with git_server.serving(repository, tmp_path) as (address, authority):
        trusted = tmp_path / "authorities.pem"
        system = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
        trusted.write_text(authority.read_text() + Path(system).read_text())
        pip = {"PIP_CONSTRAINT": str(constraints(tmp_path)), "PIP_NO_COMPILE": "1"}
        env = {"SSL_CERT_FILE": str(trusted), "PULUMI_HOME": str(home), **pip}
        with example("typescript", tmp_path, **env) as made:
            project = made.folder / "Pulumi.yaml"
            project.write_text(project.read_text().partition("packages:")[0])

            made.run("package", "add", f"{address}/components")

            made.change("index.ts", ("172.30.7.0/24", free_subnet()))
            made.run("config", "set", "servers", "3")
            made.env["PULUMI_NODEJS_TRANSPILE_ONLY"] = "true"
            assert "typescript-example-server-2 create" in made.run("preview", "--suppress-progress")
            made.refuses("servers", "4", "cluster.servers: expected an odd number from 1 to 7, got 4")
    assert f"{address.removeprefix('https://')}/components@" in project.read_text()
    shutil.rmtree(home)

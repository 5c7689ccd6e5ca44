"""The package installs from git into an empty environment; Pulumi installs what the program of this folder needs."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.engine import free_subnet
from tests.examples import project
from tools import places

pytestmark = pytest.mark.e2e

LOOK = """
import json
from importlib import metadata
from pathlib import Path

import consul_on_pulumi
from consul_on_pulumi.version import __version__

package = Path(consul_on_pulumi.__file__).parent
print(json.dumps({
    "folder": str(package),
    "typed": (package / "py.typed").is_file(),
    "versions": [__version__, metadata.version("consul-on-pulumi")],
    "licence": metadata.metadata("consul-on-pulumi")["License-Expression"],
}))
"""


@pytest.mark.skipif(not (places.ROOT / ".git").exists(), reason="this folder is no clone")
def test_house_row_9_the_package_installs_from_a_git_address(variables: None, tmp_path: Path) -> None:
    address = f"git+{places.ROOT.as_uri()}#subdirectory=components"
    made = project.environment(tmp_path, address)

    # Isolated, so that nothing beside the environment is on its path.
    looked = subprocess.run([made / "bin" / "python", "-I", "-c", LOOK], capture_output=True, text=True, check=True)
    found = json.loads(looked.stdout)

    assert Path(found["folder"]).is_relative_to(made)
    assert found["typed"]
    assert found["versions"] == ["0.1.0", "0.1.0"]
    assert found["licence"] == "Apache-2.0"
    subprocess.run([made / "bin" / "consul-on-pulumi", "--help"], check=True, capture_output=True)


@pytest.mark.skipif(not (places.ROOT / ".git").exists(), reason="this folder is no clone")
def test_house_row_10_a_clone_needs_pulumi_alone_and_no_make(variables: None, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(places.ROOT), str(clone)], check=True)
    (tmp_path / "state").mkdir()
    env = {
        **os.environ,
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "clone",
        "PIP_NO_COMPILE": "1",
    }

    def pulumi(*words: str) -> str:
        done = subprocess.run(["pulumi", *words], cwd=clone, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pulumi("install")
    assert (clone / ".venv" / "bin" / "consul-on-pulumi").exists()
    pulumi("stack", "init", "mine")
    settings = {"platform": {"docker": {"subnet": free_subnet()}}, "security": {}}
    (clone / "Pulumi.mine.yaml").write_text(yaml.safe_dump({"config": {"consul-on-pulumi:cluster": settings}}))

    shown = pulumi("preview", "--stack", "mine", "--suppress-progress")

    assert "consul-server-2" in shown
    assert " to create" in shown

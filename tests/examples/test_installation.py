"""The package installs from git into an empty environment."""

import json
import subprocess
from pathlib import Path

import pytest

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
def test_the_package_installs_from_a_git_address(variables: None, tmp_path: Path) -> None:
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

"""What a component creates names the plugin as the engine finds it."""

import contextvars
from pathlib import Path
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.plugin import origin
from consul_on_pulumi.providers import hosting

from tests.recording import build

CONFIG = '[core]\n\tbare = false\n[remote "origin"]\n\turl = {}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n'


def installed(folder: Path, name: str, address: str) -> Path:
    """The module in a plugin of this name, which Pulumi cloned from this address."""
    (folder / name / ".git").mkdir(parents=True)
    (folder / name / ".git" / "config").write_text(CONFIG.format(address))
    return folder / name / "components" / "consul_on_pulumi" / "plugin" / "origin.py"


@pytest.mark.parametrize(
    ("version", "address", "found"),
    [
        ("0.0.0-x26b94a0", "https://github.com/acme/on-pulumi.git", "git://github.com/acme/on-pulumi.git/components"),
        ("0.2.0", "https://me:canary@git.example.com/a/b.git", "git://git.example.com/a/b.git/components"),
    ],
)
def test_a_plugin_that_pulumi_cloned_has_its_address_and_its_version(
    tmp_path: Path, version: str, address: str, found: str
) -> None:
    here = installed(tmp_path, f"resource-git_acme_components-v{version}", address)

    assert origin.options(here) == {"version": version, "plugin_download_url": found}


def test_a_plugin_in_a_folder_that_the_program_names_has_none(tmp_path: Path) -> None:
    assert origin.options(installed(tmp_path, "on-pulumi", "https://github.com/acme/on-pulumi.git")) == {}
    assert origin.options() == {}


def test_every_resource_of_the_plugin_names_it() -> None:
    named = {"version": "0.2.0", "plugin_download_url": "git://github.com/acme/on-pulumi.git/components"}

    def program() -> dict[str, Any]:
        hosting.begin_component(named)
        settings: Any = {"servers": 1, "platform": {"docker": {"subnet": "172.30.0.0/24"}}}
        return {"servers": ConsulCluster("consul", settings, pulumi.ResourceOptions()).servers}

    seen = contextvars.copy_context().run(build, program)

    ours = [one for one in seen.seen if one.provider_code]
    assert len(ours) > 10
    assert {one.plugin for one in ours} == {tuple(named.values())}

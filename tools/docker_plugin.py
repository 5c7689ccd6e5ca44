"""The engine's Docker plugin, which can be built: it is a bridge over a Terraform provider that Go modules hold."""

import shutil
from pathlib import Path

from toolchain import cache, go_build, versions
from toolchain.plugins import Plugin, pack

MODULE = "docker-provider"


def built_name() -> str:
    """The cache entry of the built plugin."""
    return go_build.entry_name(MODULE, versions.DOCKER_PLUGIN)


def archive() -> Path:
    """The built plugin, packed."""
    return cache.entry(built_name(), build) / "plugin.tar.gz"


def build(target: Path) -> None:
    """Builds and packs it."""
    files = target / "files"
    variable = f"-X main.version={versions.DOCKER_PLUGIN}"
    go_build.build(MODULE, ".", files / PLUGIN.command, variables=variable, usually="3 min, 2 cores")
    pack(files, built_name(), target / "plugin.tar.gz")
    shutil.rmtree(files)


PLUGIN = Plugin("docker", "Docker", versions.DOCKER_PLUGIN, built_name, archive)

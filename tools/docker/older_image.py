"""Images of older Consul releases, which only the tests of upgrades need: pulled, else built like the default one."""

import os
import shutil
import tempfile
from pathlib import Path

from tools import progress
from tools.builds import go
from tools.docker import engine, image
from tools.found import SetupError

PARTS = {
    "1.18.2": ("api@v1.28.2", "envoyextensions@v0.5.2", "proto-public@v0.6.1", "sdk@v0.16.0", "troubleshoot@v0.5.2")
}
"""Modules of Consul's own repository, where a release names versions that do not have what it needs: later ones."""


def image_of(release: str) -> str:
    """The name of an image of this release in the engine; pulls or builds it unless it is there."""
    official = f"hashicorp/consul:{release}"
    try:
        pull = ["docker", "pull", "--quiet", official]
        progress.run(pull, doing=f"pulling {official}", usually="20 s", timeout=300, advice="it is built instead")
        return official
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
    # Another name than the official one, which other users of this engine may have built in another way.
    name = f"{official}-built"
    program = go.Program("consul", release, "5 min, 2 cores", module="consul-older", package=image.PACKAGE)
    program.path(lambda target: _build(program, target / program.name))
    archive = image.archive(program, name)
    if (image.labels(name) or {}).get(image.LABEL) != image.recipe(program):
        engine.ask("load", "--quiet", "--input", str(archive))
    return name


def _build(program: go.Program, output: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        folder = shutil.copytree(program.folder, Path(work) / "module")
        module = f"{image.PACKAGE}@v{program.version}"
        # Consul's own checksums: some of its requirements are in no checksum database.
        shutil.copyfile(program.sources(module) / "go.sum", folder / "go.sum")
        env = {**os.environ, **go.SETTINGS, "GOFLAGS": "-mod=mod"}
        parts = [f"{image.PACKAGE}/{part}" for part in PARTS.get(program.version, ())]
        progress.run([go.go(), "get", module, *parts], doing=f"resolving {module}", usually="30 s", cwd=folder, env=env)
        program.build(output, folder)

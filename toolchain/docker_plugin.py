"""The engine's Docker plugin: installed, else downloaded, else built and installed as if downloaded."""

import os
import tarfile
from pathlib import Path

from toolchain import cache, go_build, places, progress, search_path, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin, missing

TOOL = "Docker plugin"
COMMAND = "pulumi-resource-docker"
# A file beside the installed plugin that names the cache entry it is a copy of.
MARK = "built-from"


def folder() -> Path:
    """Where the engine keeps this version of this plugin."""
    return places.pulumi_home() / "plugins" / f"resource-docker-v{versions.DOCKER_PLUGIN}"


def find() -> Found:
    """The plugin that the engine will use."""
    own = search_path.installed(COMMAND)
    if own:
        return Found(TOOL, "as on PATH", str(own), Origin.INSTALLED)
    command, mark = folder() / COMMAND, folder() / MARK
    # The engine leaves this file while it installs.
    if not command.is_file() or folder().with_name(f"{folder().name}.partial").exists():
        return missing(TOOL)
    if not mark.is_file():
        return Found(TOOL, versions.DOCKER_PLUGIN, str(command), Origin.INSTALLED)
    if mark.read_text().strip() != built_name():
        return missing(TOOL, "it was built from an older source; run `make setup`")
    return Found(TOOL, versions.DOCKER_PLUGIN, str(command), Origin.BUILT)


def setup(engine: Found) -> Found:
    """Fetches or builds the plugin unless the engine has it."""
    found = find()
    if found.present:
        return found
    try:
        if (folder() / MARK).exists():
            raise SetupError("the built one is out of date")
        download(engine)
        return Found(TOOL, versions.DOCKER_PLUGIN, str(folder() / COMMAND), Origin.DOWNLOADED)
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
    built = cache.entry(built_name(), build)
    install(
        engine,
        "--reinstall",
        "--file",
        str(built / "plugin.tar.gz"),
        doing="installing the built Docker plugin",
    )
    return find()


def built_name() -> str:
    """The cache entry of the built plugin."""
    return go_build.entry_name("docker-provider", versions.DOCKER_PLUGIN)


def download(engine: Found) -> None:
    """Lets the engine fetch it."""
    install(engine, doing=f"downloading the Docker plugin {versions.DOCKER_PLUGIN}", advice="it is built instead")


def install(engine: Found, *options: str, doing: str, advice: str = "run it again") -> None:
    """Installed rather than found on PATH: the engine warns of each plugin from there on every run."""
    progress.run(
        [engine.path, "plugin", "install", "resource", "docker", versions.DOCKER_PLUGIN, *options],
        doing=doing,
        usually="15 s",
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        timeout=300,
        advice=advice,
    )


def build(target: Path) -> None:
    """Builds it and packs it the way the engine installs plugins."""
    command, mark = target / COMMAND, target / MARK
    variable = f"-X main.version={versions.DOCKER_PLUGIN}"
    go_build.build("docker-provider", ".", command, variables=variable, usually="3 min, 2 cores")
    mark.write_text(built_name() + "\n")
    with tarfile.open(target / "plugin.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(command, COMMAND)
        archive.add(mark, MARK)
    command.unlink()

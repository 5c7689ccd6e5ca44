"""The engine's resource plugins: installed, else downloaded, else made here and installed as if downloaded."""

import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from toolchain import places, progress, search_path
from toolchain.errors import SetupError
from toolchain.found import Found, Origin, missing

# A file beside an installed plugin that names the cache entry it is a copy of.
MARK = "built-from"


def nothing_missing(_folder: Path) -> str:
    """A plugin that needs nothing but its own files."""
    return ""


@dataclass(frozen=True)
class Plugin:
    """One plugin at one version."""

    name: str
    """As in ``pulumi plugin install resource NAME``."""
    title: str
    """For people."""
    version: str
    built_name: Callable[[], str]
    """What one that is made here would be built from; another name for other sources."""
    archive: Callable[[], Path]
    """Makes one; returns what ``pack`` packed."""
    lacks: Callable[[Path], str] = nothing_missing
    """What a built one that is installed in a folder needs and cannot find; nothing if it is whole."""

    @property
    def tool(self) -> str:
        """Its name in the table of ``doctor``."""
        return f"{self.title} plugin"

    @property
    def command(self) -> str:
        """The program that the engine starts."""
        return f"pulumi-resource-{self.name}"

    def folder(self) -> Path:
        """Where the engine keeps this version."""
        return places.pulumi_home() / "plugins" / f"resource-{self.name}-v{self.version}"

    def find(self) -> Found:
        """The plugin that the engine will use."""
        own = search_path.installed(self.command)
        if own:
            return Found(self.tool, "as on PATH", str(own), Origin.INSTALLED)
        folder = self.folder()
        command, mark = folder / self.command, folder / MARK
        # The engine leaves this file while it installs.
        if not command.is_file() or folder.with_name(f"{folder.name}.partial").exists():
            return missing(self.tool)
        if not mark.is_file():
            return Found(self.tool, self.version, str(command), Origin.INSTALLED)
        if mark.read_text().strip() != self.built_name():
            return missing(self.tool, "it was built from an older source; run `make setup`")
        if self.lacks(folder):
            return missing(self.tool, f"it lacks {self.lacks(folder)}; run `make setup`")
        return Found(self.tool, self.version, str(command), Origin.BUILT)

    def setup(self, engine: Found) -> Found:
        """Fetches or makes the plugin unless the engine has it."""
        found = self.find()
        if found.present:
            return found
        try:
            if (self.folder() / MARK).exists():
                raise SetupError("the built one is out of date")
            self.download(engine)
            return Found(self.tool, self.version, str(self.folder() / self.command), Origin.DOWNLOADED)
        except SetupError as error:
            progress.say(f"  --  no download: {error}")
        made = ("--reinstall", "--file", str(self.archive()))
        self.install(engine, *made, doing=f"installing the built {self.title} plugin")
        return self.find()

    def download(self, engine: Found) -> None:
        """Lets the engine fetch it."""
        doing = f"downloading the {self.title} plugin {self.version}"
        self.install(engine, doing=doing, advice="it is built instead")

    def install(self, engine: Found, *options: str, doing: str, advice: str = "run it again") -> None:
        """Installed rather than found on PATH: the engine warns of each plugin from there on every run."""
        progress.run(
            [engine.path, "plugin", "install", "resource", self.name, self.version, *options],
            doing=doing,
            usually="15 s",
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            timeout=300,
            advice=advice,
        )


def pack(files: Path, built_name: str, archive: Path) -> Path:
    """Packs a folder's files the way the engine installs plugins."""
    (files / MARK).write_text(f"{built_name}\n")
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        for path in sorted(files.iterdir()):
            packed.add(path, path.name)
    return archive

"""Go builds of the folders in ``modules``, whose go.mod and go.sum are complete."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools import places, progress, versions
from tools.builds import cache
from tools.found import SetupError

# The same build everywhere, whatever the user's own Go settings are.
SETTINGS = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}


@dataclass(frozen=True)
class Program:
    """One program and the cache entry that holds it."""

    name: str
    version: str
    usually: str
    """How long a build takes, for the user."""
    module: str = ""
    """The folder in ``modules``; by default it has the program's name."""
    package: str = "."
    variables: str = ""
    """Values for the linker, such as ``-X main.version=1``."""

    @property
    def folder(self) -> Path:
        """The folder with go.mod."""
        return places.MODULES / (self.module or self.name)

    @property
    def entry(self) -> str:
        """The name of the cache entry, which changes with the sources."""
        return f"{self.name}-{self.version}-{cache.digest(self.folder)}"

    def finished(self) -> Path | None:
        """The program, if the cache has it."""
        found = cache.finished(self.entry)
        return found / self.name if found else None

    def path(self, make: Callable[[Path], None] | None = None) -> Path:
        """The program, built now if the cache does not have it; ``make`` builds it in another way."""
        return cache.entry(self.entry, make or (lambda target: self.build(target / self.name))) / self.name

    def build(self, output: Path, folder: Path | None = None) -> None:
        """Builds the program, from a copy of its folder if one is given."""
        flags = f"-s -w {self.variables}".strip()
        # A low priority: whatever else runs on the machine goes first.
        command = ("nice", "-n", "10", go(), "build", "-v", "-trimpath", "-ldflags", flags, "-o", output, self.package)
        started = time.monotonic()
        progress.run(
            command,
            doing=f"building {output.name} from its Go module",
            usually=self.usually,
            env={**os.environ, **SETTINGS},
            cwd=folder or self.folder,
        )
        progress.say(f"      built in {time.monotonic() - started:.0f} s")

    def sources(self, module: str) -> Path:
        """The folder in Go's module cache of a module that go.mod requires."""
        command = [go(), "mod", "download", "-json", module]
        env = {**os.environ, **SETTINGS}
        answer = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise SetupError(f"fetching {module} failed ({answer.stderr.strip()[:200]}); run it again.")
        return Path(json.loads(answer.stdout)["Dir"])


def go() -> str:
    """The go command, if it is new enough."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not found:
        raise SetupError(
            f"Go builds what cannot be downloaded; install Go {versions.GO_MINIMUM} or newer and run it again."
        )
    env = {**os.environ, **SETTINGS}
    asked = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, env=env, cwd="/", check=False)
    version = asked.stdout.strip()
    if not versions.at_least(version, versions.GO_MINIMUM):
        raise SetupError(
            f"Go {versions.GO_MINIMUM} or newer is needed, {found} is {version}; update Go and run it again."
        )
    return found

"""A Pulumi project in a folder of its own, with a backend of its own, driven by plain `pulumi` commands."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools import environment, places

PROGRAM = ("Pulumi.yaml", "__main__.py", "components", ".venv")
STACK = "bench"


class Project:
    """A project with one stack."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], **env: str) -> None:
        """`folder` already holds the program; `settings` are those of the stack; `env` is set for the engine."""
        self._folder = folder
        self.backend = folder.with_name(f"{folder.name}-state")
        self._settings = settings
        self._env = {
            **os.environ,
            **environment.variables(environment.tools()),
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            **env,
        }
        self.forget()

    def forget(self) -> None:
        """Start again with a stack that was never up."""
        shutil.rmtree(self.backend, ignore_errors=True)
        self.backend.mkdir()
        file = self._folder / f"Pulumi.{STACK}.yaml"
        file.unlink(missing_ok=True)
        self.pulumi("stack", "init", STACK)
        self._salt = file.read_text()
        self.change(self._settings)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Write the stack file with these settings."""
        if settings:
            # JSON is YAML. The engine wrote only the salt.
            (self._folder / f"Pulumi.{STACK}.yaml").write_text(f"config: {json.dumps(settings)}\n{self._salt}")

    def up(self) -> None:
        self.pulumi("up", "--yes", "--stack", STACK)

    def up_without_preview(self) -> None:
        self.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)

    def preview(self) -> None:
        self.pulumi("preview", "--expect-no-changes", "--stack", STACK)

    def destroy(self) -> None:
        self.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)

    def pulumi(self, *words: str) -> str:
        """Run one command and return what it writes to stderr. Raises RuntimeError with its output if it fails."""
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=self._folder,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"pulumi {' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stderr


def ours(folder: Path, settings: Mapping[str, Any], **env: str) -> Project:
    """The program of this repository."""
    folder.mkdir()
    for part in PROGRAM:
        (folder / part).symlink_to(places.ROOT / part)
    return Project(folder, {"consul-on-pulumi:cluster": settings}, **env)


def plain(folder: Path, config: Mapping[str, Any], program: str = "plain", **env: str) -> Project:
    """The program in a folder beside this module."""
    folder.mkdir()
    for part in ("Pulumi.yaml", "__main__.py"):
        (folder / part).symlink_to(Path(__file__).parent / program / part)
    (folder / ".venv").symlink_to(places.ROOT / ".venv")
    return Project(folder, config, **env)


def empty(folder: Path) -> Project:
    """A program without resources: the time of the engine and of the language host alone."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: empty\nruntime: python\n")
    (folder / "__main__.py").write_text("import pulumi\n")
    return Project(folder, {})

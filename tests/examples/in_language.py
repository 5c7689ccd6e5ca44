"""Copies of the examples in other languages, each with a state of its own and beside a copy of the plugin."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.examples.project import PACKAGE, STACK
from tools import places


class Example:
    """A copy of one example, with its stack and the commands of Pulumi."""

    def __init__(self, name: str, folder: Path, env: dict[str, str], copy: str) -> None:
        self.folder = folder / "examples" / copy
        self.cluster = f"{copy}-example-{STACK}"
        ignored = shutil.ignore_patterns("node_modules", "sdks")
        shutil.copytree(places.ROOT / "examples" / name, self.folder, ignore=ignored)
        state = folder / f"state-{copy}"
        state.mkdir()
        self.env = {
            **os.environ,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "languages",
            **env,
        }

    def change(self, file: str, *texts: tuple[str, str]) -> None:
        """Replace the first of each two texts, which must be there, by the second."""
        program = (self.folder / file).read_text()
        for old, new in texts:
            assert old in program, old
            program = program.replace(old, new)
        (self.folder / file).write_text(program)

    def attempt(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of Pulumi, which may fail."""
        return subprocess.run(
            ["pulumi", "--non-interactive", "--color", "never", *command], cwd=self.folder, env=self.env,
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip

    def run(self, *command: str) -> str:
        """The output of a command of Pulumi. The test fails if the command does."""
        done = self.attempt(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self) -> dict[str, Any]:
        """The outputs after an update; a second one finds nothing to change."""
        self.run("up", "--yes", "--skip-preview")
        self.run("preview", "--expect-no-changes")
        outputs: dict[str, Any] = json.loads(self.run("stack", "output", "--json"))
        return outputs

    def refuses(self, key: str, value: str, message: str) -> None:
        """A preview with this value in the configuration ends with this message, and shows no Python."""
        before = self.run("config", "get", key).strip()
        self.run("config", "set", key, value)
        refused = self.attempt("preview")
        self.run("config", "set", key, before)
        assert refused.returncode != 0
        assert message in refused.stdout
        assert "Traceback" not in refused.stdout + refused.stderr


def copied_plugin(folder: Path) -> Path:
    """A copy of the plugin where the copies of examples name it: `../../components`."""
    plugin = folder / "components"
    return Path(shutil.copytree(PACKAGE, plugin, ignore=shutil.ignore_patterns(".venv", "__pycache__")))


@contextmanager
def example(name: str, folder: Path, copy: str = "", **env: str) -> Iterator[Example]:
    """An example, or the `copy` of it with another name, that is destroyed at the end."""
    made = Example(name, folder, env, copy or name)
    made.run("stack", "init", STACK)
    try:
        yield made
    finally:
        ended = made.attempt("destroy", "--yes", "--skip-preview")
    assert ended.returncode == 0, ended.stdout

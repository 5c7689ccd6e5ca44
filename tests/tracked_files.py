"""Finds the files tracked by git that tests write, with the test that did it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS_OF = {"os.remove": 1, "os.rename": 2}
"""Audit events that change files, and how many of their first arguments are paths."""


class WrittenFiles:
    """Collects writes while the `with` block runs. Finds nothing where there is no git.

    Writes of this process are seen as they happen, so that a file that somebody edits meanwhile is no finding. A stack
    file is compared as well, because the engine writes stack files. `git status` would not do: its filter for stack
    files hides the salt (tools/stack_files.py).
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self._tracked = _tracked()
        self._stack_files: dict[Path, bytes] = {}
        self._active = False

    def __enter__(self) -> "WrittenFiles":
        self._stack_files = {file: file.read_bytes() for file in ROOT.glob("Pulumi.*.yaml")}
        self._active = True
        sys.addaudithook(self._audit)
        return self

    def __exit__(self, *_: object) -> None:
        self._active = False
        changed = [str(file) for file, text in self._stack_files.items() if file.read_bytes() != text]
        self.found += [file for file in changed if not any(line.startswith(file) for line in self.found)]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._active:
            return
        if event == "open" and arguments[2] & WRITING:
            self._note(arguments[0])
        # With a folder's descriptor as last argument, the path is relative to a folder that is not known here.
        elif event in PATHS_OF and arguments[-1] in (-1, None):
            for path in arguments[: PATHS_OF[event]]:
                self._note(path)

    def _note(self, path: Any) -> None:
        if not isinstance(path, int) and (real := os.path.realpath(os.fsdecode(path))) in self._tracked:
            self.found.append(f"{real} by {os.environ.get('PYTEST_CURRENT_TEST', 'a fixture')}")


def _tracked() -> frozenset[str]:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        return frozenset()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return frozenset(str(ROOT / name) for name in listed.stdout.split("\0") if name)

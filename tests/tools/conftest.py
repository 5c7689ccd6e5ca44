import shutil
from pathlib import Path

import pytest

from tools import places
from tools.pulumi import stack_files


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: nothing here may touch the real cache, state or engine."""
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "DOCKER_HOST", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "ACCESS_TOKEN", "BACKEND_URL", "CONFIG_PASSPHRASE", "CONFIG_PASSPHRASE_FILE", "RUN_PROGRAM"):
        monkeypatch.delenv(f"PULUMI_{name}", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return home


@pytest.fixture(autouse=True)
def copies_of_stack_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new passphrase removes the salts of all stack files: of copies here, unless the test has a clone."""
    root, paths, copies = places.ROOT, stack_files.paths, tmp_path / "stack-files"
    copies.mkdir()
    for file in paths():
        shutil.copy(file, copies)
    monkeypatch.setattr(
        stack_files, "paths", lambda: paths() if root != places.ROOT else sorted(copies.glob("Pulumi.*.yaml"))
    )


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """The first folder of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def script(path: Path, body: str) -> Path:
    """A command."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path

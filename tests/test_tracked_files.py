"""Tests touch copies only: who writes a file that git tracks is named."""

import subprocess
from pathlib import Path

import pytest

from tests import tracked_files


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a tracked file, a stack file and a file that git does not know."""
    for name in ("tracked.txt", "Pulumi.dev.yaml", "other.txt"):
        (tmp_path / name).write_text("before")
    for command in (["init", "--quiet"], ["add", "tracked.txt", "Pulumi.dev.yaml"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(tracked_files, "ROOT", tmp_path)
    return tmp_path


def test_house_row_14_a_test_that_writes_a_tracked_file_is_named(repository: Path) -> None:
    with tracked_files.WrittenFiles() as written:
        (repository / "tracked.txt").read_text()
        (repository / "other.txt").write_text("after")
        assert written.found == []
        (repository / "tracked.txt").write_text("after")

    (found,) = written.found
    assert found.startswith(f"{repository / 'tracked.txt'} by ")
    assert "test_house_row_14" in found


def test_house_row_14_a_stack_file_that_another_process_wrote_is_found(repository: Path) -> None:
    with tracked_files.WrittenFiles() as written:
        subprocess.run("echo after > Pulumi.dev.yaml", shell=True, cwd=repository, check=True)

    assert written.found == [str(repository / "Pulumi.dev.yaml")]

"""The workflows: what they may do, and the script that they run."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import places

FOLDER = places.ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text())
    return found


def test_there_are_two() -> None:
    assert [file.name for file in WORKFLOWS] == ["checks.yml", "preview.yml"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_by_commit_and_says_its_version(file: Path) -> None:
    used = re.findall(r"uses: (.*)", file.read_text())
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_pull_request_of_a_fork_gets_neither_secrets_nor_rights(file: Path) -> None:
    found = read(file)
    # YAML 1.1 takes the key `on` for true.
    assert "pull_request_target" not in found[True]
    assert found["permissions"] == {"contents": "read"}
    for name, job in found["jobs"].items():
        writing = [right for right, level in job.get("permissions", {}).items() if level == "write"]
        assert writing == (["pull-requests"] if name == "comment" else [])
        if writing:
            assert "head.repo.full_name == github.repository" in job["if"]
            assert job["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_text_of_a_pull_request_becomes_part_of_a_script(file: Path) -> None:
    scripts = [step["run"] for job in read(file)["jobs"].values() for step in job["steps"] if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def previewed(tmp_path: Path, **env: str) -> tuple[str, dict[str, str]]:
    """The arguments and the environment that the script gives to `make`."""
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\nenv > "$OUT"\nprintf "%s\\n" "$@"\n')
    make.chmod(0o755)
    out, path = tmp_path / "env", f"{tmp_path}:{os.environ['PATH']}"
    known = {"PATH": path, "OUT": str(out), "STACK": "dev", **env}
    subprocess.run([FOLDER / "preview.sh", "comment.md"], cwd=tmp_path, env=known, check=True)
    variables = dict(line.split("=", 1) for line in out.read_text().splitlines() if "=" in line)
    return (tmp_path / "comment.md").read_text(), variables


def test_labels_become_what_is_allowed_and_nothing_else(tmp_path: Path) -> None:
    labels = ["allow-data-loss", "bug", "allow-network; rm -rf /", "allow-everything"]
    said, _ = previewed(tmp_path, LABELS=json.dumps(labels))

    assert said.splitlines() == ["-s", "preview-comment", "STACK=dev", "ALLOW=data-loss"]


def test_what_is_not_set_is_not_set_to_nothing(tmp_path: Path) -> None:
    said, variables = previewed(tmp_path, LABELS="[]", BACKEND="", PASSPHRASE="", ACCESS_TOKEN="")

    assert said.splitlines()[-1] == "ALLOW="
    assert [name for name in variables if name.startswith("PULUMI_")] == []


def test_a_backend_of_the_user_s_own_is_used(tmp_path: Path) -> None:
    _, variables = previewed(tmp_path, BACKEND="s3://state", PASSPHRASE="p", ACCESS_TOKEN="t")

    assert variables["PULUMI_BACKEND_URL"] == "s3://state"
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == "p"
    assert variables["PULUMI_ACCESS_TOKEN"] == "t"

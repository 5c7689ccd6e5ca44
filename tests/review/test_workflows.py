"""The workflows: their rights, and the script that they run."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from consul_on_pulumi.review.losses import Kind

FOLDER = Path(__file__).parents[2] / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text())
    return found


def test_there_are_two() -> None:
    assert [file.name for file in WORKFLOWS] == ["checks.yml", "preview.yml"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_by_commit_and_names_its_version(file: Path) -> None:
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


def previewed(tmp_path: Path, **env: str) -> tuple[list[str], dict[str, str]]:
    """The arguments and the environment that the script gives to `consul-on-pulumi`; it also runs `pulumi`."""
    for name in ("consul-on-pulumi", "pulumi"):
        command = tmp_path / name
        command.write_text(f'#!/bin/sh\nenv > "$OUT"\nprintf "%s\\n" {name} "$@" >> "$OUT.words"\necho comment\n')
        command.chmod(0o755)
    out, path = tmp_path / "env", f"{tmp_path}:{os.environ['PATH']}"
    known = {"PATH": path, "OUT": str(out), "STACK": "dev", **env}
    subprocess.run([FOLDER / "preview.sh", "comment.md"], cwd=tmp_path, env=known, check=True, capture_output=True)
    variables = dict(line.split("=", 1) for line in out.read_text().splitlines() if "=" in line)
    assert (tmp_path / "comment.md").read_text() == "comment\n"
    return (tmp_path / "env.words").read_text().splitlines(), variables


def test_only_labels_that_allow_a_loss_become_options(tmp_path: Path) -> None:
    labels = ["allow-data-loss", "bug", "allow-network; rm -rf /", "allow-everything", "allow-quorum"]
    words, _ = previewed(tmp_path, LABELS=json.dumps(labels))

    review = words[words.index("consul-on-pulumi") + 1 :]
    assert review == ["review", "--stack", "dev", "--allow", "data-loss", "--allow", "quorum"]


def test_every_kind_of_loss_has_a_label(tmp_path: Path) -> None:
    words, _ = previewed(tmp_path, LABELS=json.dumps([f"allow-{kind.value}" for kind in Kind]))

    assert {kind.value for kind in Kind} <= set(words)


def test_without_settings_the_state_is_empty_and_no_variable_is_set_to_nothing(tmp_path: Path) -> None:
    words, variables = previewed(tmp_path, LABELS="[]", BACKEND="", PASSPHRASE="", ACCESS_TOKEN="")

    assert words[:5] == ["pulumi", "stack", "select", "--create", "--stack"]
    folder = Path(variables["PULUMI_BACKEND_URL"].removeprefix("file://"))
    assert list(folder.iterdir()) == []
    # An empty passphrase is one; an empty access token would be refused.
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert "PULUMI_ACCESS_TOKEN" not in variables
    folder.rmdir()


def test_a_fork_is_reviewed_with_the_salt_of_a_passphrase_that_it_does_not_have(tmp_path: Path) -> None:
    stack_file = tmp_path / "Pulumi.dev.yaml"
    stack_file.write_text("encryptionsalt: v1:abc\nconfig: {}\n")
    previewed(tmp_path, LABELS="[]", PASSPHRASE="")

    assert stack_file.read_text() == "config: {}\n"


def test_a_fork_whose_stack_file_has_encrypted_values_is_told_that_there_is_no_review(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  x:y:\n    secure: v1:abc\n")
    known = {"PATH": os.environ["PATH"], "STACK": "dev", "LABELS": "[]"}
    subprocess.run([FOLDER / "preview.sh", "comment.md"], cwd=tmp_path, env=known, check=True, capture_output=True)

    assert "its stack file has encrypted values" in (tmp_path / "comment.md").read_text()


def test_the_backend_of_the_user_is_used(tmp_path: Path) -> None:
    _, variables = previewed(tmp_path, BACKEND="s3://state", PASSPHRASE="p", ACCESS_TOKEN="t")

    assert variables["PULUMI_BACKEND_URL"] == "s3://state"
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == "p"
    assert variables["PULUMI_ACCESS_TOKEN"] == "t"


def test_the_preview_of_another_repository_needs_the_package_alone() -> None:
    used = (FOLDER / "workflows" / "preview.yml").read_text() + (FOLDER / "preview.sh").read_text()

    assert [word for word in ("make ", "tools", "python -m", "tests") if word in used] == []

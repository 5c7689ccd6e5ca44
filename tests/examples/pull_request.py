"""Runs the preview workflow in a repository of its own, with `act`. Its actions, which need GitHub, are local ones."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools import places, versions
from tools.builds import go

ACT = go.Program("act", versions.ACT, "30 s", package="github.com/nektos/act")
WORKFLOW = places.ROOT / ".github" / "workflows" / "preview.yml"
ACTIONS = {
    "actions/checkout": "checkout",
    "pulumi/actions": "pulumi",
    "actions/upload-artifact": "upload",
    "actions/download-artifact": "download",
}
"""Each action of the workflow, to the folder of its local one."""
OWNER = "owner/project"
FORK = "stranger/project"


def program() -> Path:
    """The runner: an installed one, else one built from its module."""
    return places.installed("act") or ACT.path()


@dataclass(frozen=True)
class Repository:
    """The repository of somebody who uses the package: a program, its stack file, and the two copied files."""

    folder: Path
    backend: str
    """Where the state is."""
    passphrase: str
    github: str
    """Base URL of GitHub's REST API."""

    def commit(self) -> str:
        """Commit all files; returns the commit."""
        for words in (["add", "--all"], ["commit", "--quiet", "--message", "a change"]):
            self._git(*words)
        return self.head()

    def head(self) -> str:
        """The last commit."""
        return self._git("rev-parse", "HEAD")

    def comment(self, stack: str) -> str:
        """The review that the last run of the workflow wrote for a stack."""
        return (self._beside("artifacts") / f"comment-{stack}" / "comment.md").read_text()

    def pull_request(
        self, base: str, labels: Sequence[str] = (), head: str = OWNER
    ) -> subprocess.CompletedProcess[str]:
        """Run the workflow for the last commit, as pull request 7 from the repository `head`."""
        event = self._beside("event.json")
        repositories = {"base": {"sha": base, "ref": "main"}, "head": {"repo": {"full_name": head}, "ref": "change"}}
        named = [{"name": label} for label in labels]
        event.write_text(
            json.dumps({"action": "labeled", "pull_request": {"number": 7, "labels": named, **repositories}})
        )
        artifacts = self._beside("artifacts")
        shutil.rmtree(artifacts, ignore_errors=True)
        environment = {
            "GITHUB_API_URL": self.github,
            "REPOSITORY": str(self.folder),
            "ARTIFACTS": str(artifacts),
            "PIP_CACHE_DIR": str(self._beside("pip")),
            "PIP_NO_COMPILE": "1",
            **{name: os.environ[name] for name in ("PULUMI_HOME", "DOCKER_HOST") if name in os.environ},
            # The runner of a stranger has no engine with this cluster.
            **({"DOCKER_HOST": "unix:///nowhere.sock"} if head != OWNER else {}),
        }
        secrets = {"GITHUB_TOKEN": "t0ken", "PULUMI_CONFIG_PASSPHRASE": self.passphrase}
        return subprocess.run(
            [
                str(program()),
                "pull_request",
                *("--eventpath", str(event), "--no-skip-checkout", "--no-cache-server"),
                *("--action-cache-path", str(self._beside("cache"))),
                *("--platform", "ubuntu-24.04=-self-hosted", "--var", f"PULUMI_BACKEND_URL={self.backend}"),
                *(word for name, value in environment.items() for word in ("--env", f"{name}={value}")),
                *(word for name, value in secrets.items() for word in ("--secret", f"{name}={value}")),
                *(word for one in _local_actions() for word in ("--local-repository", one)),
            ],
            cwd=self.folder,
            env={**os.environ, "HOME": str(self._beside("home"))},
            capture_output=True,
            text=True,
            check=False,
        )

    def _beside(self, name: str) -> Path:
        return self.folder.parent / name

    def _git(self, *words: str) -> str:
        person = ("-c", "user.name=a user", "-c", "user.email=user@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *person, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()


def create(folder: Path, stack: str, backend: str, passphrase: str, github: str) -> Repository:
    """A new repository with the workflow for one stack. Programs and stack files are not in it yet."""
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (folder.parent / "home").mkdir()
    text, changed = re.subn(r"stack: \[.*\]", f"stack: [{stack}]", WORKFLOW.read_text())
    assert changed == len(yaml.safe_load(text)["jobs"])
    (workflows / WORKFLOW.name).write_text(text)
    shutil.copy(WORKFLOW.parent.parent / "preview.sh", folder / ".github")
    made = Repository(folder, backend, passphrase, github)
    made._git("init", "--quiet", "--initial-branch", "main", ".")
    made._git("remote", "add", "origin", f"https://github.com/{OWNER}.git")
    return made


def _local_actions() -> list[str]:
    used: list[Any] = re.findall(r"uses: ([\w/-]+)@([0-9a-f]{40})", WORKFLOW.read_text())
    folder = Path(__file__).parent / "actions"
    return [f"{name}@{commit}={folder / ACTIONS[name]}" for name, commit in sorted(set(used))]

"""The workflow of a pull request, under a real runner, in a repository that has only the package.

What GitHub does itself is not proven here: it gives no secrets to a fork. The workflow does not pass them either.
"""

import importlib.metadata
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from tests.doubles.github import GitHub
from tests.e2e.engine import RUN, free_subnet
from tests.examples import project, pull_request
from tests.examples.pull_request import Repository
from tools import places

pytestmark = pytest.mark.e2e

STACK = f"e2e-pull-{RUN}"
CANARY = "pAssphrase-of-the-state"


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    serving = GitHub(pull_request.OWNER)
    yield serving
    serving.server.stop()


@pytest.fixture(scope="module")
def repository(installed: Path, github: GitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository whose stack runs on the Docker engine, as its first commit says."""
    folder = tmp_path_factory.mktemp("pull") / "repository"
    state = folder.parent / "state"
    state.mkdir()
    made = pull_request.create(folder, STACK, state.as_uri(), CANARY, github.server.url)
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "requirements.txt").write_text(f"consul-on-pulumi @ {project.wheel(folder.parent).as_uri()}\n")
    shutil.copy(places.ROOT / "__main__.py", folder)
    env = {
        "PATH": f"{installed / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": "",
        "PULUMI_BACKEND_URL": made.backend,
        "PULUMI_CONFIG_PASSPHRASE": CANARY,
    }
    options = automation.LocalWorkspaceOptions(env_vars=env)
    stack = automation.create_stack(STACK, work_dir=str(folder), opts=options)
    change(
        made,
        platform={"docker": {"subnet": free_subnet()}},
        servers=1,
        security={"enabled": False},
        seeds={"motd": "hello"},
        seed_sets={"app": {"prefix": "app/", "entries": {"name": "web"}}},
    )
    stack.up(color="never")
    yield made
    stack.destroy()


def change(repository: Repository, **settings: Any) -> str:
    """Commit these settings of the cluster; returns the commit."""
    file = repository.folder / f"Pulumi.{STACK}.yaml"
    found = yaml.safe_load(file.read_text()) if file.exists() else {}
    cluster = found.setdefault("config", {}).setdefault("shop:cluster", {})
    cluster.update(settings)
    file.write_text(yaml.safe_dump(found))
    return repository.commit()


def package_of_the_machine() -> str | None:
    """Where the Python that is first in the path has the package from, and how it was installed."""
    return importlib.metadata.distribution("consul-on-pulumi").read_text("direct_url.json")


def test_a_pull_request_gets_one_comment_that_is_edited_and_a_label_lets_a_loss_pass(
    repository: Repository, github: GitHub
) -> None:
    base = repository.head()
    change(repository, server_config={"log_level": "WARN"})
    before = package_of_the_machine()
    first = repository.pull_request(base)

    assert first.returncode == 0, first.stdout + first.stderr
    # The workflow installs what it needs for itself alone.
    assert package_of_the_machine() == before
    (comment,) = github.bodies
    assert f"Restarts `consul-{STACK}-server-0`" in comment

    change(repository, seed_sets={})
    lossy = repository.pull_request(base)

    assert lossy.returncode == 1, lossy.stdout + lossy.stderr
    (comment,) = github.bodies
    assert "app/name" in comment
    assert "allow-seed-loss" in comment

    allowed = repository.pull_request(base, labels=["allow-seed-loss"])

    assert allowed.returncode == 0, allowed.stdout + allowed.stderr
    assert len(github.bodies) == 1
    assert github.authorization == {"Bearer t0ken"}
    assert CANARY not in first.stdout + lossy.stdout + allowed.stdout


def test_a_fork_gets_no_secret_and_no_comment(repository: Repository, github: GitHub) -> None:
    before = github.bodies
    done = repository.pull_request(repository.head(), head=pull_request.FORK)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Creates a cluster of 1 server" in repository.comment(STACK)
    assert github.bodies == before
    assert CANARY not in done.stdout + done.stderr

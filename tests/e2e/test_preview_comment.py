"""The comment on a pull request, by the documented command, and what the operation that follows really does."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from review import engine
from review.comment import comment
from review.events import parse
from tests.e2e import consul
from tests.e2e.cluster import Cluster, stood_up
from tests.review.changes import (
    CANARY,
    CHANGES,
    EDITED,
    SETTINGS,
    STACK,
    STACK_FILE,
    changed,
    flattened,
    prepare,
    review,
)
from tests.review.recording import GOLDEN
from tests.review.scrubbing import scrubbed

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory, variables: None) -> Iterator[Cluster]:
    with stood_up(tmp_path_factory.mktemp(STACK), STACK_FILE, SETTINGS) as made:
        prepare(made)
        made.up()
        made.whole()
        yield made


def commented(cluster: Cluster, name: str, log: Path, code: int) -> subprocess.CompletedProcess[str]:
    """Compare the comment with the golden one; it says of this run what the recording says of that one."""
    done = review(cluster, log)
    assert done.returncode == code, done.stderr
    assert done.stdout == comment(engine.read(log), STACK_FILE)
    assert comment(parse(scrubbed(log.read_text().splitlines())), STACK) == (GOLDEN / f"{name}.md").read_text()
    assert CANARY not in done.stdout + done.stderr + log.read_text()
    return done


@pytest.mark.parametrize(("name", "code"), [("secret", 0), ("invalid-file", 1), ("seed-set-removed", 3)])
def test_a_change_gives_its_comment_and_its_exit_code(reviewed: Cluster, name: str, code: int, tmp_path: Path) -> None:
    with changed(reviewed, CHANGES[name]):
        commented(reviewed, name, tmp_path / "log", code)


def test_edited_keys_become_what_the_comment_says(reviewed: Cluster, tmp_path: Path) -> None:
    with changed(reviewed, CHANGES["kv-edits"]):
        commented(reviewed, "kv-edits", tmp_path / "log", 0)
        reviewed.up()
        found = consul.keys(reviewed.servers[0])
        expected = flattened(EDITED)
        assert {key: consul.text(reviewed.servers[0], key) for key in expected} == expected
    assert found == sorted([*expected, "db/host", "db/password"])
    reviewed.up()


def test_the_servers_that_the_comment_adds_come_and_vote(reviewed: Cluster, tmp_path: Path) -> None:
    containers = reviewed.containers
    with changed(reviewed, CHANGES["scale-up"]):
        said = commented(reviewed, "scale-up", tmp_path / "log", 0).stdout
        assert "Adds 2 servers (3 → 5): tolerates 2 failures." in said
        reviewed.up()
    assert len(consul.voters(reviewed.servers[0])) == 5
    assert set(reviewed.containers) - set(containers) == {f"{reviewed.name}-server-3", f"{reviewed.name}-server-4"}


def test_data_that_would_be_lost_stops_the_command_unless_it_is_named(reviewed: Cluster, tmp_path: Path) -> None:
    # After the test above the stack file asks for two servers fewer than there are.
    done = review(reviewed, tmp_path / "log")
    assert done.returncode == 3
    assert f"Destroys the data of `{reviewed.name}-server-3`, `{reviewed.name}-server-4`" in done.stdout
    assert "--allow data-loss" in done.stdout

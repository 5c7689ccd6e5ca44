"""The comment on a pull request, by the documented command, and what the operation that follows really does."""

import json
import subprocess
import time
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


@pytest.mark.parametrize(("name", "code"), [("secret", 0), ("invalid-file", 1)])
def test_a_change_gives_its_comment_and_its_exit_code(reviewed: Cluster, name: str, code: int, tmp_path: Path) -> None:
    with changed(reviewed, CHANGES[name]):
        commented(reviewed, name, tmp_path / "log", code)


def test_ten_thousand_keys_take_no_more_than_twice_as_long_as_none(reviewed: Cluster, tmp_path: Path) -> None:
    began = time.monotonic()
    commented(reviewed, "no-change", tmp_path / "log", 0)
    without = time.monotonic() - began
    many = [{"key": f"bulk/{number}", "flags": 0, "value": "dg=="} for number in range(10_000)]
    (Path(reviewed.work_dir) / "many.json").write_text(json.dumps(many))
    sets = SETTINGS["seed_sets"] | {"bulk": {"export": "many.json"}}

    with changed(reviewed, {"seed_sets": sets}):
        began = time.monotonic()
        done = review(reviewed, tmp_path / "log")
        took = time.monotonic() - began

    assert done.returncode == 0
    assert "KV entries: 10000 added." in done.stdout
    assert len(done.stdout) < 60_000
    assert took <= 2 * without


def test_what_the_comment_says_is_what_happens(reviewed: Cluster, tmp_path: Path) -> None:
    log, before = tmp_path / "log", set(reviewed.containers)
    with changed(reviewed, CHANGES["scale-up"]):
        said = commented(reviewed, "scale-up", log, 0).stdout
        assert "Adds 2 servers (3 → 5): tolerates 2 failures." in said
        reviewed.up()
    added = {f"{reviewed.name}-server-3", f"{reviewed.name}-server-4"}
    assert set(reviewed.containers) - before == added
    assert added < consul.voters(reviewed.servers[0]).keys()

    # The stack file now asks for fewer servers than there are.
    done = review(reviewed, log)
    assert done.returncode == 3
    assert f"Destroys the data of {', '.join(f'`{name}`' for name in sorted(added))}" in done.stdout

    with changed(reviewed, {**CHANGES["kv-edits"], **CHANGES["scale-up"]}):
        commented(reviewed, "kv-edits", log, 0)
        reviewed.up()
    expected = flattened(EDITED)
    assert {key: consul.text(reviewed.servers[0], key) for key in expected} == expected
    assert consul.keys(reviewed.servers[0]) == sorted([*expected, "db/host", "db/password"])

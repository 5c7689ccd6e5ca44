"""The comment on a pull request, by the documented command, and what the operation that follows really does."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.review import engine
from consul_on_pulumi.review.comment import comment
from consul_on_pulumi.review.events import parse

from tests.e2e import consul
from tests.e2e import engine as engine_of_docker
from tests.e2e.cluster import Cluster, stood_up
from tests.e2e.waiting import eventually
from tests.review.changes import (
    CANARY,
    CHANGES,
    EDITED,
    GOLDEN,
    SETTINGS,
    STACK,
    STACK_FILE,
    changed,
    flattened,
    prepare,
    review,
)
from tests.review.scrubbing import scrubbed
from tools import versions

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


@dataclass(frozen=True)
class Outcome:
    """What an `up` does, and the words by which its comment says so."""

    words: tuple[str, ...]
    code: int = 0
    replaced: tuple[str, ...] = ()
    """Agents whose container is another one afterwards,"""
    born: tuple[str, ...] = ()
    """that come with a volume of their own,"""
    gone: tuple[str, ...] = ()
    """and that go with their volume. All others and every other volume stay the very same."""
    keys: frozenset[str] = frozenset()
    """Keys that are written or deleted."""


SERVERS = tuple(f"server-{ordinal}" for ordinal in range(3))
ROLL = ("Rolls 3 servers one by one", "Restarts 1 client", "no data touched")
OUTCOMES = {
    "no-change": Outcome(("No change.",)),
    "secret": Outcome(("1 changed",), keys=frozenset({"db/password"})),
    "data-policy": Outcome(("outlive `destroy`",)),
    "client-count": Outcome(("Adds 1 client",), born=("client-1",)),
    "agent-setting": Outcome(ROLL, replaced=(*SERVERS, "client-0")),
    "port": Outcome(ROLL, replaced=(*SERVERS, "client-0")),
    "image": Outcome(ROLL, replaced=(*SERVERS, "client-0")),
    "seed-set-removed": Outcome(("Removes seed set",), 3, keys=frozenset({"db/host", "db/password"})),
    "scale-down": Outcome(
        ("Destroys the data of", "Restarts `consul-e2e-review-server-0`", "Restarts 1 client"),
        3,
        replaced=("server-0", "client-0"),
        gone=("server-1", "server-2"),
    ),
}


def things(cluster: Cluster) -> tuple[dict[str, str], dict[str, str], dict[str, int]]:
    """What tells one container, one volume and one write of a key from the next that has its name."""
    short = len(cluster.name) + 1
    containers = {name[short:]: engine_of_docker.inspect("container", name)["Id"] for name in cluster.containers}
    # An agent keeps its ID on its volume; what Docker calls the creation of a volume is the last change of a folder.
    volumes = {name[short:]: node_id for name, node_id in cluster.node_ids().items()}
    named = engine_of_docker.labelled("volume", cluster.name)
    assert named == sorted(f"{cluster.name}-{name}-data" for name in volumes)
    indexes = {entry["Key"]: entry["ModifyIndex"] for entry in consul.ask(cluster.servers[0], "/v1/kv/?recurse")}
    return containers, volumes, indexes


def alive(cluster: Cluster) -> set[str]:
    """The agents that take part; one that went in good order is listed as `left` for a while."""
    members = consul.members(cluster.servers[0])
    assert set(members.values()) <= {"alive", "left"}
    return {name.removeprefix(f"{cluster.name}-") for name, status in members.items() if status == "alive"}


def apart(before: dict[str, Any], after: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """Names that are new, that are gone, and that stand for something else."""
    both = before.keys() & after.keys()
    return after.keys() - before, before.keys() - after, {name for name in both if before[name] != after[name]}


@pytest.fixture
def next_image() -> Iterator[None]:
    """The image that a change asks for, as a second name of the one that is there."""
    other = CHANGES["image"]["image"]
    engine_of_docker.docker("tag", versions.CONSUL_IMAGE, other)
    yield
    subprocess.run(["docker", "rmi", other], capture_output=True, check=False)


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_up_does_what_the_comment_said(reviewed: Cluster, name: str, next_image: None, tmp_path: Path) -> None:
    outcome = OUTCOMES[name]
    containers, volumes, indexes = things(reviewed)
    with changed(reviewed, CHANGES[name]):
        said = commented(reviewed, name, tmp_path / "log", outcome.code).stdout
        assert [word for word in outcome.words if word not in said] == []
        reviewed.up()
        now = things(reviewed)
        assert alive(reviewed) == now[0].keys()
    born, gone = set(outcome.born), set(outcome.gone)

    assert apart(containers, now[0]) == (born, gone, set(outcome.replaced))
    assert apart(volumes, now[1]) == (born, gone, set())
    assert set().union(*apart(indexes, now[2])) == outcome.keys
    # As it was before.
    reviewed.up()
    eventually("all as before", lambda: alive(reviewed), lambda names: names == containers.keys())


@pytest.mark.parametrize("name", ["subnet", "invalid-file"])
def test_what_the_comment_calls_refused_is_refused(reviewed: Cluster, name: str, tmp_path: Path) -> None:
    before = things(reviewed)
    with changed(reviewed, CHANGES[name]):
        said = commented(reviewed, name, tmp_path / "log", 1).stdout
        assert "Refused: nothing would be changed" in said
        reviewed.refused("up")

    assert things(reviewed) == before


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

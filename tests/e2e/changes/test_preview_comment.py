"""The review of a change on a real engine, and what the update then does."""

import json
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.cli.review import read
from consul_on_pulumi.review.comment import comment
from consul_on_pulumi.review.events import parse

from tests.e2e import consul
from tests.e2e import engine as engine_of_docker
from tests.e2e.cluster import PROJECT, Cluster, stood_up
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
    with stood_up(tmp_path_factory.mktemp(STACK), STACK_FILE, SETTINGS) as created:
        prepare(created)
        created.up()
        created.whole()
        yield created


def commented(cluster: Cluster, name: str, log: Path, code: int) -> subprocess.CompletedProcess[str]:
    """Compare the comment with the golden one: this run and the recorded run give the same comment."""
    done = review(cluster, log)
    assert done.returncode == code, done.stderr
    assert done.stdout == comment(read(log), STACK_FILE, project=PROJECT)
    recorded = parse(scrubbed(log.read_text().splitlines()))
    assert comment(recorded, STACK, project=PROJECT) == (GOLDEN / f"{name}.md").read_text()
    assert CANARY not in done.stdout + done.stderr + log.read_text()
    return done


@dataclass(frozen=True)
class Outcome:
    """What an update does, and the words of the comment about it."""

    words: tuple[str, ...]
    code: int = 0
    replaced: tuple[str, ...] = ()
    """Agents whose container is replaced, while their volume stays."""
    created: tuple[str, ...] = ()
    """Agents that are created with their volume."""
    deleted: tuple[str, ...] = ()
    """Agents that are deleted with their volume. All others stay the same."""
    keys: frozenset[str] = frozenset()
    """Keys that are written or deleted."""


SERVERS = tuple(f"server-{ordinal}" for ordinal in range(3))
RESTARTS = ("Restarts 3 servers one at a time", "Restarts 1 client", "Their data is kept.")
OUTCOMES = {
    "no-change": Outcome(("No change.",)),
    "secret": Outcome(("1 changed",), keys=frozenset({"db/password"})),
    "data-policy": Outcome(("stay after `pulumi destroy`",)),
    "client-count": Outcome(("Adds 1 client",), created=("client-1",)),
    "agent-setting": Outcome(RESTARTS, replaced=(*SERVERS, "client-0")),
    "port": Outcome(RESTARTS, replaced=(*SERVERS, "client-0")),
    "image": Outcome(RESTARTS, replaced=(*SERVERS, "client-0")),
    "seed-set-removed": Outcome(("Removes seed set",), 3, keys=frozenset({"db/host", "db/password"})),
    "scale-down": Outcome(
        ("Destroys the data of", "-review-server-0`", "Restarts 1 client"),
        3,
        replaced=("server-0", "client-0"),
        deleted=("server-1", "server-2"),
    ),
}


def identities(cluster: Cluster) -> tuple[dict[str, str], dict[str, str], dict[str, int]]:
    """An identity of each container, volume and key: another one of the same name has another."""
    short = len(cluster.name) + 1
    containers = {name[short:]: engine_of_docker.inspect("container", name)["Id"] for name in cluster.containers}
    # The node ID is a file of the volume. Docker's creation time of a volume is only the last change of its folder.
    volumes = {name[short:]: node_id for name, node_id in cluster.node_ids().items()}
    named = engine_of_docker.labelled("volume", cluster.name)
    assert named == sorted(f"{cluster.name}-{name}-data" for name in volumes)
    indexes = {entry["Key"]: entry["ModifyIndex"] for entry in consul.ask(cluster.servers[0], "/v1/kv/?recurse")}
    return containers, volumes, indexes


def alive(cluster: Cluster) -> set[str]:
    """The agents that are alive; one that was removed is listed as `left` for a while."""
    members = consul.members(cluster.servers[0])
    assert set(members.values()) <= {"alive", "left"}
    return {name.removeprefix(f"{cluster.name}-") for name, status in members.items() if status == "alive"}


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """Names that are new, names that no longer exist, and names with another identity."""
    both = before.keys() & after.keys()
    return after.keys() - before, before.keys() - after, {name for name in both if before[name] != after[name]}


@pytest.fixture
def next_image() -> Iterator[None]:
    """The image of one change, as another tag of the image that exists."""
    other = CHANGES["image"]["image"]
    engine_of_docker.docker("tag", versions.CONSUL_IMAGE, other)
    yield
    subprocess.run(["docker", "rmi", other], capture_output=True, check=False)


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_update_does_what_the_comment_says(reviewed: Cluster, name: str, next_image: None, tmp_path: Path) -> None:
    outcome = OUTCOMES[name]
    containers, volumes, indexes = identities(reviewed)
    with changed(reviewed, CHANGES[name]):
        text = commented(reviewed, name, tmp_path / "log", outcome.code).stdout
        assert [word for word in outcome.words if word not in text] == []
        reviewed.up()
        now = identities(reviewed)
        assert alive(reviewed) == now[0].keys()
    created, deleted = set(outcome.created), set(outcome.deleted)

    assert differences(containers, now[0]) == (created, deleted, set(outcome.replaced))
    assert differences(volumes, now[1]) == (created, deleted, set())
    assert set().union(*differences(indexes, now[2])) == outcome.keys
    reviewed.up()
    eventually("the same agents as before", lambda: alive(reviewed), lambda names: names == containers.keys())


@pytest.mark.parametrize("name", ["subnet", "invalid-file"])
def test_what_the_comment_calls_refused_is_refused(reviewed: Cluster, name: str, tmp_path: Path) -> None:
    before = identities(reviewed)
    with changed(reviewed, CHANGES[name]):
        text = commented(reviewed, name, tmp_path / "log", 1).stdout
        assert "Refused: nothing would be changed" in text
        reviewed.refused("up")

    assert identities(reviewed) == before


def cpu_seconds() -> float:
    """What the processes that this one started used of the processor: other work on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def least_work(cluster: Cluster, log: Path) -> tuple[float, str]:
    """The seconds of the cheaper of two reviews, and what it says."""
    found = []
    for _ in range(2):
        before = cpu_seconds()
        done = review(cluster, log)
        found.append((cpu_seconds() - before, done.stdout))
        assert done.returncode == 0, done.stderr
    return min(found)


def test_ten_thousand_keys_take_no_more_than_twice_the_work_of_none(reviewed: Cluster, tmp_path: Path) -> None:
    without, _ = least_work(reviewed, tmp_path / "log")
    many = [{"key": f"bulk/{number}", "flags": 0, "value": "dg=="} for number in range(10_000)]
    (Path(reviewed.work_dir) / "many.json").write_text(json.dumps(many))
    sets = SETTINGS["seed_sets"] | {"bulk": {"export": "many.json"}}

    with changed(reviewed, {"seed_sets": sets}):
        with_keys, said = least_work(reviewed, tmp_path / "log")

    assert "KV entries: 10000 added." in said
    assert len(said) < 60_000
    assert with_keys <= 2 * without


def test_updates_that_add_servers_and_edit_keys_do_what_the_comment_says(reviewed: Cluster, tmp_path: Path) -> None:
    log, before = tmp_path / "log", set(reviewed.containers)
    with changed(reviewed, CHANGES["scale-up"]):
        text = commented(reviewed, "scale-up", log, 0).stdout
        assert "Adds 2 servers (3 → 5): tolerates 2 failures." in text
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

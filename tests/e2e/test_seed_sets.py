"""Seed sets on a real stack: what a reviewer sees, what is stored, and what stays when a set goes."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory
from tests.e2e.engine import docker

pytestmark = pytest.mark.e2e

CANARY = "canary-7f3e1b"
LOGO = bytes(range(256))


@pytest.fixture(scope="module")
def seeded(cluster_of_module: Factory) -> Cluster:
    """One server and no seeds yet."""
    made = cluster_of_module("sets", servers=1)
    made.up()
    return made


@pytest.fixture
def bare(seeded: Cluster) -> Iterator[Cluster]:
    """Without any seed, before and after."""
    yield seeded
    seeded.change(seed_sets=None)
    seeded.up()
    docker("exec", seeded.containers[0], "consul", "kv", "delete", "-recurse")


def file(cluster: Cluster, name: str, content: bytes | str) -> None:
    path = Path(cluster.work_dir) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def log(cluster: Cluster) -> str:
    """What the last operation printed, without the spaces that draw it."""
    return " ".join("".join(cluster.log).split())


def put(cluster: Cluster, key: str, text: str) -> None:
    consul.put(cluster.servers[0], key, text)


def texts(cluster: Cluster) -> dict[str, str]:
    return {key: consul.text(cluster.servers[0], key) for key in consul.keys(cluster.servers[0])}


def export(cluster: Cluster) -> Any:
    return json.loads(docker("exec", cluster.containers[0], "consul", "kv", "export"))


def test_files_of_all_kinds_become_keys_and_a_reviewer_reads_what_changes(bare: Cluster) -> None:
    file(bare, "config/app/settings.yaml", "db:\n  port: 5432\n  version: 1.10\n")
    file(bare, "config/app/logo.png", LOGO)
    file(bare, "config/app/motd.txt", "Hello\n")
    file(bare, "service.properties", "pool.size = 5\n")
    sets = {
        "app": {"prefix": "app/", "folder": "config/app", "expand": True},
        "service": {"prefix": "svc/", "files": {"": "service.properties"}, "expand": True, "on_conflict": "adopt"},
    }
    bare.change(seed_sets=sets)
    bare.up()

    base = bare.servers[0]
    assert consul.keys(base) == [
        "app/logo.png",
        "app/motd.txt",
        "app/settings/db/port",
        "app/settings/db/version",
        "svc/pool.size",
    ]
    assert consul.text(base, "app/settings/db/version") == "1.10"
    assert bare.up().keys() == {"same"}

    file(bare, "config/app/settings.yaml", "db:\n  port: 5433\n")
    file(bare, "config/app/logo.png", LOGO[::-1])
    file(bare, "config/app/new.txt", "x")
    bare.preview(diff=True)

    seen = log(bare)
    assert '"5432" => "5433"' in seen
    assert '- app/settings/db/version: "1.10"' in seen
    assert "+ app/new.txt" in seen
    assert "motd" not in seen, "what stays is not shown"
    assert "sha256" in seen
    assert base64.b64encode(LOGO).decode()[:40] not in seen
    bare.up()
    assert "app/settings/db/version" not in consul.keys(base)


def test_no_secret_value_is_ever_in_the_clear(bare: Cluster) -> None:
    bare.change(seed_sets={"app": {"prefix": "app/", "entries": {"name": "web"}}})
    said = ""
    bare.secret("seed_secrets.app.db.password", CANARY)
    try:
        bare.preview(diff=True)
        said += log(bare)
        bare.up()
        said += log(bare)
        assert texts(bare) == {"app/name": "web", "app/db/password": CANARY}

        put(bare, "app/db/password", f"{CANARY}-by-hand")
        bare.refresh()
        said += log(bare)
        bare.preview(diff=True)
        said += log(bare)
        assert "app/db/password" in said, "the key itself is no secret"
        bare.up()
        assert texts(bare)["app/db/password"] == CANARY

        put(bare, "app/db/password", f"{CANARY}-by-hand")
        bare.secret("seed_secrets.app.db.password", f"{CANARY}-new")
        said += bare.refused("up")
        assert "app/db/password was changed by other hands" in said
        bare.refresh()
        bare.up()
        said += log(bare)
    finally:
        bare.secret("seed_secrets", None)
    everything = said + bare.everything_kept()
    assert CANARY not in everything
    assert base64.b64encode(CANARY.encode()).decode() not in everything
    for name in bare.containers:
        assert CANARY not in docker("inspect", name)


def test_an_export_of_another_cluster_comes_out_as_it_went_in(bare: Cluster) -> None:
    entries = [
        {"key": "a/binary", "flags": 42, "value": base64.b64encode(LOGO).decode()},
        {"key": "a/empty", "flags": 0, "value": ""},
        {"key": "a/folder/", "flags": 0, "value": ""},
        {"key": "b c/ü?#", "flags": 2**64 - 1, "value": base64.b64encode("☃\n".encode()).decode()},
    ]
    file(bare, "kv.json", json.dumps(entries))
    bare.change(seed_sets={"copy": {"export": "kv.json"}})

    bare.up()

    assert export(bare) == entries
    assert bare.preview().keys() == {"same"}


def test_what_to_do_about_existing_keys_is_chosen_per_set_and_told_in_the_preview(bare: Cluster) -> None:
    put(bare, "app/same", "1")
    put(bare, "app/other", "theirs")
    described: dict[str, Any] = {"prefix": "app/", "entries": {"same": 1, "other": 2}}

    bare.change(seed_sets={"app": described})
    told = bare.refused("preview")
    assert "app/same exists already" in told
    assert "app/other exists already with another value" in told

    bare.change(seed_sets={"app": {**described, "on_conflict": "adopt"}})
    told = bare.refused("up")
    assert "app/same exists" not in told
    assert texts(bare) == {"app/same": "1", "app/other": "theirs"}

    bare.change(seed_sets={"app": {**described, "on_conflict": "overwrite"}})
    bare.up()
    assert texts(bare) == {"app/same": "1", "app/other": "2"}


def test_drift_is_shown_and_repaired_unless_edits_are_kept(bare: Cluster) -> None:
    sets = {
        "ours": {"prefix": "ours/", "entries": {"a": 1, "b": 1}},
        "theirs": {"prefix": "theirs/", "entries": {"a": 1, "b": 1}, "keep_edits": True},
    }
    bare.change(seed_sets=sets)
    bare.up()
    for prefix in ("ours/", "theirs/"):
        put(bare, f"{prefix}a", "by hand")
        docker("exec", bare.containers[0], "consul", "kv", "delete", f"{prefix}b")

    bare.refresh()
    bare.preview(diff=True)

    assert bare.changed() == [("update", "consul-seeds-ours")]
    assert '~ ours/a: "by hand" => "1"' in log(bare)
    assert '+ ours/b: "1"' in log(bare)
    bare.up()
    assert texts(bare) == {"ours/a": "1", "ours/b": "1", "theirs/a": "by hand"}


def test_a_set_takes_its_own_keys_along_unless_they_shall_stay(bare: Cluster) -> None:
    sets = {
        "goes": {"prefix": "goes/", "entries": {"a": 1, "edited": 1}},
        "stays": {"prefix": "stays/", "entries": {"a": 1}, "retain": True},
    }
    bare.change(seed_sets=sets)
    bare.up()
    put(bare, "goes/foreign", "theirs")
    put(bare, "goes/edited", "theirs")

    bare.change(seed_sets=None)
    bare.up()

    assert texts(bare) == {"goes/edited": "theirs", "goes/foreign": "theirs", "stays/a": "1"}


def test_a_state_that_the_first_version_wrote_needs_no_change(bare: Cluster) -> None:
    bare.change(seeds={"app": {"name": "web"}})
    bare.up()

    def as_first_written(resources: list[dict[str, Any]]) -> None:
        (baseline,) = (found for found in resources if found["urn"].endswith("consul-seeds-baseline"))
        resources.remove(baseline)
        for found in resources:
            found["dependencies"] = [urn for urn in found.get("dependencies", []) if urn != baseline["urn"]]
            if found["urn"].endswith("::consul-seeds"):
                found["propertyDependencies"].pop("baseline")
                for part in ("inputs", "outputs"):
                    kept = {"__provider", "addresses", "entries", "revision"}
                    found[part] = {key: value for key, value in found[part].items() if key in kept}

    bare.rewrite(as_first_written)
    try:
        bare.preview()
        assert bare.changed() == [("create", "consul-seeds-baseline")]
        bare.up()
        assert texts(bare) == {"app/name": "web"}
    finally:
        bare.change(seeds=None)


def test_every_mistake_in_a_set_is_refused_in_the_preview(bare: Cluster) -> None:
    file(bare, "broken.json", '{"a": 1,\n "a": 2}')
    bare.change(
        seed_sets={
            "one": {"prefix": "app", "files": {"x": "missing.txt"}},
            "two": {"files": {"": "broken.json"}, "expand": True, "on_conflict": "overwrit"},
            "three": {"entries": {"/k": 1}},
        }
    )

    told = bare.refused("preview")

    assert "cluster.seed_sets.one.prefix: expected a slash at the end, got 'app', write 'app/'" in told
    assert "cluster.seed_sets.one.files" in told
    assert "broken.json" in told
    assert "did you mean overwrite?" in told
    assert "cluster.seed_sets.three.entries: key '/k' starts with a slash, drop it" in told

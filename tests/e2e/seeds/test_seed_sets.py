"""Seed sets on a real stack: what a preview shows, what is stored, and what remains when a set is removed."""

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
    """One server without seeds."""
    made = cluster_of_module("sets", servers=1)
    made.up()
    return made


@pytest.fixture
def bare(seeded: Cluster) -> Iterator[Cluster]:
    """The same server; all keys are deleted after the test."""
    yield seeded
    seeded.change(seed_sets=None)
    seeded.up()
    docker("exec", seeded.containers[0], "consul", "kv", "delete", "-recurse")


def file(cluster: Cluster, name: str, content: bytes | str) -> None:
    path = Path(cluster.work_dir) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def log(cluster: Cluster) -> str:
    """The output of the last operation with single spaces."""
    return " ".join("".join(cluster.log).split())


def put(cluster: Cluster, key: str, text: str) -> None:
    consul.put(cluster.servers[0], key, text)


def texts(cluster: Cluster) -> dict[str, str]:
    return {key: consul.text(cluster.servers[0], key) for key in consul.keys(cluster.servers[0])}


def export(cluster: Cluster) -> Any:
    return json.loads(docker("exec", cluster.containers[0], "consul", "kv", "export"))


def test_files_of_all_kinds_become_keys_and_a_preview_shows_changes(bare: Cluster) -> None:
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
    assert "motd" not in seen, "unchanged keys are not shown"
    assert "sha256" in seen
    assert base64.b64encode(LOGO).decode()[:40] not in seen
    bare.up()
    assert "app/settings/db/version" not in consul.keys(base)


def test_no_secret_value_is_shown_or_stored_as_plain_text(bare: Cluster) -> None:
    bare.change(seed_sets={"app": {"prefix": "app/", "entries": {"name": "web"}}})
    output = ""
    bare.secret("seed_secrets.app.db.password", CANARY)
    try:
        bare.preview(diff=True)
        output += log(bare)
        bare.up()
        output += log(bare)
        assert texts(bare) == {"app/name": "web", "app/db/password": CANARY}

        put(bare, "app/db/password", f"{CANARY}-by-hand")
        bare.refresh()
        output += log(bare)
        bare.preview(diff=True)
        output += log(bare)
        assert "app/db/password" in output, "the key is no secret"
        bare.up()
        assert texts(bare)["app/db/password"] == CANARY

        put(bare, "app/db/password", f"{CANARY}-by-hand")
        bare.secret("seed_secrets.app.db.password", f"{CANARY}-new")
        output += bare.refused("up")
        assert "app/db/password was changed by another program" in output
        bare.refresh()
        bare.up()
        output += log(bare)
    finally:
        bare.secret("seed_secrets", None)
    everything = output + bare.everything_stored()
    assert CANARY not in everything
    assert base64.b64encode(CANARY.encode()).decode() not in everything
    for name in bare.containers:
        assert CANARY not in docker("inspect", name)


def test_an_export_of_another_cluster_is_stored_exactly(bare: Cluster) -> None:
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


def test_on_conflict_decides_about_existing_keys_and_the_preview_refuses_them(bare: Cluster) -> None:
    put(bare, "app/same", "1")
    put(bare, "app/other", "theirs")
    described: dict[str, Any] = {"prefix": "app/", "entries": {"same": 1, "other": 2}}

    bare.change(seed_sets={"app": described})
    error = bare.refused("preview")
    assert "app/same exists already" in error
    assert "app/other exists already with another value" in error

    bare.change(seed_sets={"app": {**described, "on_conflict": "adopt"}})
    error = bare.refused("up")
    assert "app/same exists" not in error
    assert texts(bare) == {"app/same": "1", "app/other": "theirs"}

    bare.change(seed_sets={"app": {**described, "on_conflict": "overwrite"}})
    bare.up()
    assert texts(bare) == {"app/same": "1", "app/other": "2"}


def test_drift_is_shown_and_repaired_unless_the_set_keeps_edits(bare: Cluster) -> None:
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


def test_removing_a_set_deletes_its_own_unedited_keys_unless_it_retains_them(bare: Cluster) -> None:
    sets = {
        "deleted": {"prefix": "deleted/", "entries": {"a": 1, "edited": 1}},
        "retained": {"prefix": "retained/", "entries": {"a": 1}, "retain": True},
    }
    bare.change(seed_sets=sets)
    bare.up()
    put(bare, "deleted/foreign", "theirs")
    put(bare, "deleted/edited", "theirs")

    bare.change(seed_sets=None)
    bare.up()

    assert texts(bare) == {"deleted/edited": "theirs", "deleted/foreign": "theirs", "retained/a": "1"}


def test_a3_a4_keys_that_move_to_another_set_or_a_renamed_one_are_never_lost(bare: Cluster) -> None:
    entries = {"name": "web", "port": 80}
    bare.change(
        seed_sets={
            "old": {"prefix": "app/", "entries": entries},
            "one": {"prefix": "one/", "entries": {"a": 1, "moves": 1}},
            "two": {"prefix": "two/", "entries": {"b": 1}, "on_conflict": "adopt"},
        }
    )
    bare.up()
    before = export(bare)

    bare.change(
        seed_sets={
            "new": {"prefix": "app/", "entries": entries, "on_conflict": "adopt"},
            "one": {"prefix": "one/", "entries": {"a": 1}},
            "two": {"entries": {"two/b": 1, "one/moves": 1}, "on_conflict": "adopt"},
        }
    )
    bare.up()

    assert export(bare) == before
    assert ("delete", "consul-seeds-old") in bare.changed()
    assert bare.up().keys() == {"same"}


def test_a_state_without_a_baseline_needs_no_other_change(bare: Cluster) -> None:
    bare.change(seeds={"app": {"name": "web"}})
    bare.up()

    def without_baseline(resources: list[dict[str, Any]]) -> None:
        (baseline,) = (found for found in resources if found["urn"].endswith("consul-seeds-baseline"))
        resources.remove(baseline)
        for found in resources:
            found["dependencies"] = [urn for urn in found.get("dependencies", []) if urn != baseline["urn"]]
            if found["urn"].endswith("::consul-seeds"):
                found["propertyDependencies"].pop("baseline")
                for part in ("inputs", "outputs"):
                    kept = {"__provider", "addresses", "entries", "revision"}
                    found[part] = {key: value for key, value in found[part].items() if key in kept}

    bare.rewrite(without_baseline)
    try:
        bare.preview()
        assert bare.changed() == [("create", "consul-seeds-baseline")]
        bare.up()
        assert texts(bare) == {"app/name": "web"}
    finally:
        bare.change(seeds=None)


def test_a_preview_refuses_every_mistake_in_a_set(bare: Cluster) -> None:
    file(bare, "broken.json", '{"a": 1,\n "a": 2}')
    bare.change(
        seed_sets={
            "one": {"prefix": "app", "files": {"x": "missing.txt"}},
            "two": {"files": {"": "broken.json"}, "expand": True, "on_conflict": "overwrit"},
            "three": {"entries": {"/k": 1}},
        }
    )

    error = bare.refused("preview")

    assert "cluster.seed_sets.one.prefix: expected a slash at the end, got 'app', write 'app/'" in error
    assert "cluster.seed_sets.one.files" in error
    assert "broken.json" in error
    assert "did you mean overwrite?" in error
    assert "cluster.seed_sets.three.entries: key '/k' starts with a slash, remove it" in error

"""The seed sets of a cluster: their resources, their problems, and their secret values."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.providers.kv_entries import KvEntries
from consul_on_pulumi.seeds import sets
from consul_on_pulumi.settings.refusals import cluster_problems
from consul_on_pulumi.settings.stack_file import with_seed_secrets
from pulumi.runtime.config import set_all_config

from tests.platform_cases import PlatformCase
from tests.recording import Build, build, cluster_args

SETS: dict[str, Any] = {
    "app": {"prefix": "app/", "entries": {"name": "web"}, "secrets": {"key": "hush"}},
    "mine": {"entries": {"a": 1}, "on_conflict": "adopt", "keep_edits": True, "retain": True},
}


@pytest.fixture(autouse=True)
def config_is_reset() -> Iterator[None]:
    yield
    set_all_config({}, [])


def cluster(platform: PlatformCase, **more: Any) -> Build:
    return build(lambda: {"ids": ConsulCluster("consul", cluster_args(platform.cluster, **more)).servers})


def problems(**args: Any) -> list[str]:
    return cluster_problems({"platform": {"docker": {"subnet": "172.30.0.0/24"}}, **args})[0]


def test_each_set_is_a_resource_of_its_own(platform: PlatformCase) -> None:
    seen = cluster(platform, seeds={"motd": "hi"}, seed_sets=SETS)

    assert {one.name for one in seen.of("KvEntries")} == {"consul-seeds", "consul-seeds-app", "consul-seeds-mine"}
    app, mine = seen["consul-seeds-app"].inputs, seen["consul-seeds-mine"].inputs
    assert (app["entries"], app["on_conflict"], app.get("keep_edits")) == ({"app/name": "web"}, "fail", None)
    assert (mine["entries"], mine["on_conflict"], mine["keep_edits"]) == ({"a": "1"}, "adopt", True)
    assert [seen[f"consul-seeds{of}"].retain_on_delete for of in ("", "-app", "-mine")] == [False, False, True]


def test_with_retain_data_existing_keys_are_adopted(platform: PlatformCase) -> None:
    (name, settings), *_ = platform.cluster.items()
    shared_resources = {"namespace": "mine"} if name == "kubernetes" else {}
    args = cluster_args(
        {name: {**settings, **shared_resources, "retain_data": True}}, seeds={"motd": "hi"}, seed_sets=SETS
    )

    seen = build(lambda: {"ids": ConsulCluster("consul", args).servers})

    assert {one.name: one.inputs["on_conflict"] for one in seen.of("KvEntries")} == {
        "consul-seeds": "adopt",
        "consul-seeds-app": "adopt",
        "consul-seeds-mine": "adopt",
    }
    strict = cluster(platform, seeds={"motd": "hi"}, seed_sets=SETS)
    assert seen.names("KvBaseline") == strict.names("KvBaseline"), "another on_conflict creates and deletes no resource"


def test_every_set_with_keys_has_a_baseline_and_on_conflict_fail_uses_it(platform: PlatformCase) -> None:
    seen = cluster(platform, seed_sets=SETS)

    assert seen.names("KvBaseline") == ["consul-seeds-app-baseline", "consul-seeds-mine-baseline"]
    assert seen["consul-seeds-app"].input_from["baseline"] == {"consul-seeds-app-baseline"}
    assert "baseline" not in seen["consul-seeds-mine"].inputs


def test_every_set_is_deleted_with_the_data_of_the_cluster(platform: PlatformCase) -> None:
    seen = cluster(platform, seed_sets=SETS)

    assert len({one.deleted_with for one in [*seen.of("KvEntries"), *seen.of("Autopilot")]}) == 1


def test_one_key_in_two_sets_is_refused() -> None:
    sets = {"one": {"prefix": "a/", "entries": {"b": 1}}, "two": {"entries": {"a/b": 2}}}

    assert problems(seeds={"a": {"b": 0}}, seed_sets=sets) == [
        "cluster.seed_sets.one: key 'a/b' is also in cluster.seeds, keep each in one",
        "cluster.seed_sets.two: key 'a/b' is also in cluster.seeds, keep each in one",
    ]


def test_a_set_name_with_other_characters_is_refused() -> None:
    assert problems(seed_sets={"a b": {"entries": {"k": 1}}}) == [
        "cluster.seed_sets.a b: expected letters, digits and inner hyphens or underscores as a name"
    ]


@pytest.mark.parametrize("of", ["agent_config", "server_config"])
def test_the_limit_of_a_value_follows_the_configuration_of_the_servers(of: str) -> None:
    large = {"seeds": {"a": "x" * 600_000}, "seed_sets": {"s": {"entries": {"b": "x" * 600_000}}}}

    assert len(problems(**large)) == 2
    assert problems(**large, **{of: {"limits": {"kv_max_value_size": 700_000}}}) == []


@pytest.mark.parametrize("of", ["agent_config", "server_config"])
def test_the_limit_of_an_encrypted_value_follows_the_configuration_of_the_servers(of: str) -> None:
    def found(size: int, limit: Any) -> list[str]:
        limits = {of: {"limits": {"kv_max_value_size": limit}}}
        return with_seed_secrets(hidden({"app": {"k": "x" * size}}), {"seed_sets": {"app": {}}, **limits})[0]

    assert found(600_000, 2_000_000) == []
    assert found(600, 10) == ["seed_secrets.app: key 'k' has a value of 600 bytes, at most 10 fit"]
    assert found(600_000, "a wrong one") == [
        "seed_secrets.app: key 'k' has a value of 600000 bytes, at most 524288 fit"
    ]


@pytest.mark.parametrize("tree", [{"k": "x" * 600_000}, "hunter2"], ids=["large", "no map"])
def test_a_set_whose_encrypted_values_are_refused_is_not_called_empty(tree: Any) -> None:
    found, filled = with_seed_secrets(hidden({"app": tree}), {"seed_sets": {"app": {}}})

    assert len(found) == 1
    assert problems(seed_sets=filled["seed_sets"]) == []


HOW = "`pulumi config set --secret --path 'consul-on-pulumi:seed_secrets.SET.KEY'`"


def hidden(trees: Any, *, encrypted: bool = True) -> pulumi.Config:
    key = "consul-on-pulumi:seed_secrets"
    set_all_config({key: json.dumps(trees)}, [key] if encrypted else [])
    return pulumi.Config("consul-on-pulumi")


def test_secret_values_are_added_to_their_set_as_secrets() -> None:
    cluster = {"seed_sets": {"app": {"prefix": "app/"}, "other": {}}}

    found, filled = with_seed_secrets(hidden({"app": {"db": {"password": "canary", "port": 5432}}}), cluster)

    assert found == []
    assert filled["seed_sets"]["other"] == {}
    assert filled["seed_sets"]["app"]["secrets"].keys() == {"db/password", "db/port"}
    assert isinstance(filled["seed_sets"]["app"]["secrets"]["db/password"], pulumi.Output)


@pytest.mark.parametrize(
    ("trees", "problem"),
    [
        ({"ap": {"k": "canary"}}, "seed_secrets.ap: no such set in cluster.seed_sets, did you mean app?"),
        ({"app": "canary"}, "seed_secrets.app: expected a map of keys"),
        ({"app": {"/k": "canary"}}, "seed_secrets.app: key '/k' starts with a slash, remove it"),
        ({"app": {"k": ["canary"]}}, "seed_secrets.app: key 'k' is a list, which one value cannot hold"),
        (["canary"], "seed_secrets: expected a map from each set of cluster.seed_sets to its secret keys"),
    ],
)
def test_a_problem_of_secret_seeds_is_reported_without_a_value(trees: Any, problem: str) -> None:
    found, _ = with_seed_secrets(hidden(trees), {"seed_sets": {"app": {}}})

    assert len(found) == 1
    assert found[0].startswith(problem)
    assert "canary" not in found[0]


def test_secret_seeds_in_plain_text_are_refused_without_being_printed() -> None:
    found, _ = with_seed_secrets(hidden({"app": {"k": "canary"}}, encrypted=False), {"seed_sets": {"app": {}}})

    assert found == [f"seed_secrets: holds plain text, set each value with {HOW}"]


def test_secret_seeds_without_any_set_are_refused() -> None:
    found, _ = with_seed_secrets(hidden({"app": {"k": "canary"}}), {})

    assert found == ["seed_secrets.app: no such set in cluster.seed_sets"]


def test_files_are_relative_to_the_programs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "motd.txt").write_text("hi")
    monkeypatch.chdir(tmp_path)

    assert problems(seed_sets={"s": {"files": {"motd": "motd.txt"}}}) == []


def test_bug_a_second_run_in_the_same_process_reads_changed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: PlatformCase
) -> None:
    """As in the Automation API, which runs programs in the process that calls it."""
    monkeypatch.chdir(tmp_path)
    for text in ("first", "second"):
        (tmp_path / "motd.txt").write_text(text)

        seen = cluster(platform, seed_sets={"s": {"files": {"motd": "motd.txt"}}})

        assert seen["consul-seeds-s"].inputs["entries"] == {"motd": text}


def test_bug_two_clusters_of_one_run_read_a_file_that_changes_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: PlatformCase
) -> None:
    """As in the unit tests of a user, which set the mocks once for all programs."""
    monkeypatch.chdir(tmp_path)

    def program() -> None:
        for text in ("first", "second"):
            (tmp_path / "motd.txt").write_text(text)
            ConsulCluster(text, cluster_args(platform.cluster, seed_sets={"s": {"files": {"motd": "motd.txt"}}}))

    seen = build(program)

    assert [seen[f"{text}-seeds-s"].inputs["entries"]["motd"] for text in ("first", "second")] == ["first", "second"]


def test_a_file_that_changes_during_a_run_is_seeded_as_it_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: PlatformCase
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "motd.txt").write_text("checked")
    overlaps = sets.overlaps

    def change_after_check(*args: Any) -> Iterator[str]:
        (tmp_path / "motd.txt").write_text("changed")
        return overlaps(*args)

    monkeypatch.setattr(sets, "overlaps", change_after_check)

    seen = cluster(platform, seed_sets={"s": {"files": {"motd": "motd.txt"}}})

    assert seen["consul-seeds-s"].inputs["entries"] == {"motd": "checked"}


@pytest.mark.parametrize("value", ["hush", pulumi.Output.secret("hush")], ids=["plain text", "an output"])
def test_a_secret_value_of_a_program_is_registered_as_a_secret(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(pulumi.dynamic.Resource, "__init__", lambda *args, **_: given.update(args[3]))

    async def known() -> tuple[Any, bool]:
        KvEntries("set", ["http://one"], {}, {"key": value}, {}, {})
        registered = given["secrets"]["key"]
        return await registered.future(), await registered.is_secret()

    assert asyncio.run(known()) == ("hush", True)


def test_a4_every_set_is_told_the_keys_of_all_sets(platform: PlatformCase) -> None:
    seen = cluster(platform, seeds={"motd": "hi"}, seed_sets=SETS)

    told = {(one.inputs["cluster"], one.inputs["cluster_keys"]) for one in seen.of("KvEntries")}
    assert told == {("consul-seeds", "a\napp/key\napp/name\nmotd")}

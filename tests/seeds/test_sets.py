import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from consul_on_pulumi.model.seed import Seed, Seeds
from consul_on_pulumi.schema.check import checked
from consul_on_pulumi.seeds import sets
from consul_on_pulumi.seeds.sets import overlaps
from consul_on_pulumi.settings.seed_set_args import SeedSetArgs
from hypothesis import given
from hypothesis import strategies as some

SET = "cluster.seed_sets.app"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A program's folder with files of every kind."""
    contents: dict[str, bytes] = {
        "conf/app.yaml": b"port: 8080\nversion: 1.10\ntls: {on: yes}\n",
        "conf/db.json": b'{"pool": 1.50}',
        "conf/sub/log.properties": b"root.level=info\n",
        "conf/logo.bin": b"\xff\x00\r\n",
        "conf/.hidden": b"x",
        "conf/app.yaml~": b"x",
        "dump.json": b'[{"key": "logo", "flags": 7, "value": "/wA="}]',
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def seeds_of(root: Path, **args: Any) -> Seeds:
    seeds, problems = sets.read(args, root, SET)
    assert problems == []
    return seeds


def problems(root: Path, max_value: int = 512 * 1024, **args: Any) -> list[str]:
    found, complete = checked(args, SeedSetArgs, SET)
    return [*found, *sets.read(complete, root, SET, max_value)[1]]


def test_a_tree_is_seeded_below_the_prefix(root: Path) -> None:
    assert seeds_of(root, prefix="x/y/", entries={"b": {"c": True}, "a": 1, "": ""}) == {
        "x/y/": Seed(b""),
        "x/y/a": Seed(b"1"),
        "x/y/b/c": Seed(b"true"),
    }


def test_a_folder_is_seeded_with_its_bytes(root: Path) -> None:
    assert seeds_of(root, folder="conf") == {
        "app.yaml": Seed(b"port: 8080\nversion: 1.10\ntls: {on: yes}\n"),
        "db.json": Seed(b'{"pool": 1.50}'),
        "logo.bin": Seed(b"\xff\x00\r\n"),
        "sub/log.properties": Seed(b"root.level=info\n"),
    }


def test_an_expanded_folder_is_seeded_with_a_key_for_each_leaf(root: Path) -> None:
    assert seeds_of(root, prefix="p/", folder="conf/../conf", expand=True) == {
        "p/app/port": Seed(b"8080"),
        "p/app/tls/on": Seed(b"yes"),
        "p/app/version": Seed(b"1.10"),
        "p/db/pool": Seed(b"1.50"),
        "p/logo.bin": Seed(b"\xff\x00\r\n"),
        "p/sub/log/root.level": Seed(b"info"),
    }


@pytest.mark.parametrize(
    ("key", "path", "keys"),
    [
        ("", "conf/db.json", ["p/pool"]),
        ("db", "conf/db.json", ["p/db/pool"]),
        ("db.json", "conf/db.json", ["p/db/pool"]),
        ("db.JSON", "conf/db.json", ["p/db/pool"]),
        ("db.txt", "conf/db.json", ["p/db.txt/pool"]),
        ("x/logo.json", "conf/logo.bin", ["p/x/logo.json"]),
    ],
)
def test_a_single_file_is_expanded_below_its_key(root: Path, key: str, path: str, keys: list[str]) -> None:
    assert list(seeds_of(root, prefix="p/", files={key: path}, expand=True)) == keys


def test_a_single_file_is_kept_whole(root: Path) -> None:
    assert seeds_of(root, files={"x/y.json": "conf/db.json"}) == {"x/y.json": Seed(b'{"pool": 1.50}')}


def test_an_export_keeps_its_flags_below_the_prefix(root: Path) -> None:
    assert seeds_of(root, prefix="p/", export="dump.json") == {"p/logo": Seed(b"\xff\x00", 7)}


def test_the_entries_of_all_sources_are_sorted_by_key(root: Path) -> None:
    args = SeedSetArgs(
        entries={"z": "1"},
        folder="conf/sub",
        files={"a": "conf/db.json"},
        export="dump.json",
        secrets={"password": "hunter2"},
        on_conflict="adopt",
        keep_edits=True,
        retain=True,
    )

    assert list(seeds_of(root, **args)) == ["a", "log.properties", "logo", "z"]
    assert sets.secrets(args, SET, 9) == {"password": "hunter2"}


def test_secrets_are_below_the_prefix(root: Path) -> None:
    assert sets.secrets({"prefix": "p/", "secrets": {"b": "x", "a": "y"}}, SET, 9) == {"p/a": "y", "p/b": "x"}
    assert seeds_of(root, prefix="p/", secrets={"a": "x", "b": pulumi.Output.secret("y")}) == {}


@given(some.dictionaries(some.text("abc", min_size=1), some.text("01.e-", min_size=1), min_size=1))
def test_expanding_changes_no_value(tmp_path_factory: pytest.TempPathFactory, tree: dict[str, str]) -> None:
    root = tmp_path_factory.mktemp("program")
    (root / "a.json").write_text(json.dumps(tree))
    (root / "a.properties").write_text("".join(f"{key}={value}\n" for key, value in tree.items()))
    wanted = {key: Seed(value.encode()) for key, value in sorted(tree.items())}

    assert seeds_of(root, files={"": "a.json"}, expand=True) == wanted
    assert seeds_of(root, files={"": "a.properties"}, expand=True) == wanted


@pytest.mark.parametrize("args", [{}, {"prefix": "a/", "retain": True}, {"entries": {}, "secrets": {}}], ids=str)
def test_a_set_without_a_source_is_refused(root: Path, args: dict[str, Any]) -> None:
    assert problems(root, **args) == [
        f"{SET}: holds nothing, give it entries, folder, files, export or secrets, or leave it out"
    ]


@pytest.mark.parametrize(
    ("setting", "value", "fault"),
    [
        ("prefix", "a", "expected a slash at the end, got 'a', write 'a/'"),
        ("prefix", "/", "'/' starts with a slash, remove it"),
        ("prefix", "a//", "'a//' has an empty segment, write single slashes"),
        ("expand", False, "there is nothing to expand, give folder or files or leave it out"),
        ("on_conflict", "adpt", "expected fail, adopt or overwrite, got 'adpt', did you mean adopt?"),
        ("on_conflict", "", "expected fail, adopt or overwrite, got ''"),
    ],
)
def test_a_setting_without_effect_is_refused(root: Path, setting: str, value: Any, fault: str) -> None:
    assert problems(root, entries={"a": "x"}, **{setting: value}) == [f"{SET}.{setting}: {fault}"]


NO_MAPPING = "mapping values are not allowed in this context"
NO_LIST = (
    "is a list, which one value cannot hold: write it as quoted text or keep the file whole with `whole` or "
    "`expand: false`"
)
HALF = "has half of a surrogate pair, which UTF-8 cannot encode: write the whole character"
GONE = "'gone' does not exist, give a path relative to the program's folder"
NO_FILES = "'empty' has no files (hidden ones and *~ do not count), add some or leave it out"
NO_EXPORT = "has no list of entries, give a file that `consul kv export` wrote"
NO_KEY = "needs a key because it is not expanded"


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ({"entries": {"a": {"/b": "x"}}}, "entries: key 'a//b' has an empty segment, write single slashes"),
        ({"entries": {"": "x"}}, "entries: key '' is empty, give it a name"),
        ({"entries": {"a": None}}, "entries: key 'a' has no value, write '' for an empty one"),
        ({"entries": {"a": pulumi}}, "entries: key 'a' has a value of type module, give text, a number or a boolean"),
        ({"entries": {"a": {"b": 1}, "a/b": 2}}, "entries: key 'a/b' is given twice, keep one"),
        ({"folder": "gone"}, f"folder: {GONE}"),
        ({"folder": "dump.json"}, "folder: expected a folder, got the file 'dump.json': give it in files"),
        ({"folder": "empty"}, f"folder: {NO_FILES}"),
        ({"files": {"a/b": "gone"}}, f"files.a/b: {GONE}"),
        ({"files": {"a": "conf"}}, "files: conf: key 'a' names a folder, give a file"),
        ({"files": {"a//b": "dump.json"}}, "files: dump.json: key 'a//b' has an empty segment, write single slashes"),
        ({"files": {"": "conf/db.json"}}, f"files: conf/db.json: {NO_KEY}"),
        ({"files": {"": "conf/logo.bin"}, "expand": True}, f"files: conf/logo.bin: {NO_KEY}"),
        ({"export": "conf/db.json"}, f"export: conf/db.json: {NO_EXPORT}"),
        ({"export": "../x"}, "export: '../x' does not exist, give a path relative to the program's folder"),
        ({"secrets": {"a/../b": "x"}}, "secrets: key 'a/../b' has a dot segment, rename it"),
        ({"secrets": {"a": "\ud83d"}}, f"secrets: key 'a' {HALF}"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_stored_is_refused(root: Path, args: dict[str, Any], fault: str) -> None:
    (root / "empty").mkdir()

    assert problems(root, **args) == [f"{SET}.{fault}"]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.yaml", "b: 1\na: b: c", f"has a syntax error in line 2, {NO_MAPPING}: correct it"),
        ("a.yaml", "a//b: x", "key 'a/a//b' has an empty segment, write single slashes"),
        ("a.yaml", "b: [1]", f"key 'a/b' {NO_LIST}"),
        ("a.json", '{"b": 1, "b": 2}', "key 'a/b' is given twice, keep one"),
        ("a.json", '{"b": {"c": 1}, "b/c": 2}', "key 'a/b/c' is given twice, keep one"),
        ("a.json", '{"b": "\\ud83d"}', f"key 'a/b' {HALF}"),
        ("a.json", '{"\\ud83d": "b"}', "key 'a/\\ud83d' has characters that are not printable, remove them"),
        ("a.properties", "b\nb", "key 'a/b' is given twice, keep one"),
        ("a.properties", "b\\ =c", "key 'a/b ' starts or ends with a space, remove it"),
    ],
)  # fmt: skip
def test_a_problem_in_a_document_is_reported_with_its_file(root: Path, name: str, content: str, fault: str) -> None:
    (root / "docs").mkdir()
    (root / "docs" / name).write_text(content)

    assert problems(root, folder="docs", expand=True) == [f"{SET}.folder: docs/{name}: {fault}"]


def test_a_key_from_two_sources_is_refused(root: Path) -> None:
    assert problems(
        root,
        entries={"logo": "x"},
        folder="conf",
        files={"app.yaml": "conf/db.json", "db.json": "conf/db.json"},
        export="dump.json",
        secrets={"logo": "hunter2", "logo.bin": "hunter2"},
    ) == [
        f"{SET}.files: conf/db.json: key 'app.yaml' is also in conf/app.yaml, keep one",
        f"{SET}.files: conf/db.json: key 'db.json' is also in conf/db.json, keep one",
        f"{SET}.export: dump.json: key 'logo' is also in entries, keep one",
        f"{SET}.secrets: key 'logo' is also in entries, keep one",
        f"{SET}.secrets: key 'logo.bin' is also in conf/logo.bin, keep one",
    ]


def test_the_same_key_in_two_documents_is_refused(root: Path) -> None:
    (root / "conf/app.json").write_text('{"port": 1, "host": "x"}')

    assert problems(root, folder="conf", expand=True) == [
        f"{SET}.folder: conf/app.yaml: key 'app/port' is also in conf/app.json, keep one"
    ]


def test_values_over_the_limit_are_refused_in_every_source(root: Path) -> None:
    assert problems(
        root,
        max_value=1,
        entries={"a": "xx", "fits": "x"},
        folder="conf/sub",
        files={"": "conf/db.json"},
        expand=True,
        export="dump.json",
        secrets={"s": "hunter2"},
    ) == [
        f"{SET}.entries: key 'a' has a value of 2 bytes, at most 1 fit",
        f"{SET}.folder: conf/sub/log.properties: key 'log/root.level' has a value of 4 bytes, at most 1 fit",
        f"{SET}.files: conf/db.json: key 'pool' has a value of 4 bytes, at most 1 fit",
        f"{SET}.export: dump.json: key 'logo' has a value of 2 bytes, at most 1 fit",
        f"{SET}.secrets: key 's' has a value of 7 bytes, at most 1 fit",
    ]
    assert problems(root, max_value=13, files={"db": "conf/db.json"}) == [
        f"{SET}.files: conf/db.json: key 'db' has 14 bytes, at most 13 fit"
    ]


def test_a_larger_limit_of_the_servers_is_used(root: Path) -> None:
    assert problems(root, entries={"a": "x" * 524289}) == [
        f"{SET}.entries: key 'a' has a value of 524289 bytes, at most 524288 fit"
    ]
    assert problems(root, max_value=524289, entries={"a": "x" * 524289}) == []


def test_no_problem_shows_a_secret(root: Path) -> None:
    found = problems(root, max_value=3, secrets={"/a": "hunter2", "b/": "hunter2", "": "hunter2"})

    assert len(found) == 5
    assert "hunter2" not in str(found)


def test_all_problems_are_reported(root: Path) -> None:
    found = problems(
        root,
        prefix="/p",
        entries={"a": None, "b//c": "x"},
        folder="gone",
        files={"x": "gone"},
        export="gone",
        on_conflict="no",
    )

    assert [problem.removeprefix(SET).split(":")[0] for problem in found] == [
        ".on_conflict",
        ".prefix",
        ".entries",
        ".entries",
        ".folder",
        ".files.x",
        ".export",
    ]


def test_sets_that_share_no_key_do_not_overlap() -> None:
    assert list(overlaps({"seeds": ["a/b"], "seed_sets.x": ["a", "a/"], "seed_sets.y": iter(["b"])}, "cluster")) == []


def test_a_key_in_two_sets_is_reported_with_both() -> None:
    keys = [f"k{number}" for number in range(7)]

    assert list(overlaps({"seeds": ["a"], "seed_sets.x": ["a", *keys], "seed_sets.y": [*keys, "a"]}, "cluster")) == [
        "cluster.seed_sets.x: key 'a' is also in cluster.seeds, keep each in one",
        "cluster.seed_sets.y: keys 'k0', 'k1', 'k2', 'k3', 'k4' and 2 more are also in cluster.seed_sets.x, "
        "keep each in one",
        "cluster.seed_sets.y: key 'a' is also in cluster.seeds, keep each in one",
    ]


def test_c3_one_file_of_a_folder_is_kept_whole(root: Path) -> None:
    (root / "conf" / "application.yml").write_text("a: 1\n---\nb: 2\n")

    found = seeds_of(root, folder="conf", expand=True, whole=["application.yml", "sub/*"])

    assert found["application.yml"] == Seed(b"a: 1\n---\nb: 2\n")
    assert found["sub/log.properties"] == Seed(b"root.level=info\n")
    assert found["app/port"] == Seed(b"8080")


def test_c3_one_of_the_files_is_kept_whole_by_its_key(root: Path) -> None:
    found = seeds_of(root, files={"a": "conf/app.yaml", "b": "conf/db.json"}, expand=True, whole=["a"])

    assert found == {"a": Seed((root / "conf/app.yaml").read_bytes()), "b/pool": Seed(b"1.50")}


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"folder": "conf", "expand": True, "whole": ["ap.yaml"]}, "no file has the key 'ap.yaml', which is its path"),
        ({"folder": "conf", "whole": ["app.yaml"]}, "every file is kept whole, set expand: true or leave it out"),
    ],
)
def test_c3_a_whole_file_that_would_have_no_effect_is_refused(root: Path, args: dict[str, Any], problem: str) -> None:
    assert [line for line in problems(root, **args) if line.startswith(f"{SET}.whole: {problem}")] != []


def test_c4_an_empty_export_is_an_empty_set(root: Path) -> None:
    (root / "empty.json").write_text("[]\n")

    assert seeds_of(root, export="empty.json") == {}

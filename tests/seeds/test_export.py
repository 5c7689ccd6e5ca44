import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.model.seed import MAX_FLAGS, Seed
from consul_on_pulumi.seeds import export as exports
from consul_on_pulumi.seeds.export import export
from consul_on_pulumi.seeds.source import Entry, Problem, Source
from hypothesis import given
from hypothesis import strategies as some

AS_CONSUL_WRITES_IT = """[
\t{
\t\t"key": "app/logo",
\t\t"flags": 18446744073709551615,
\t\t"value": "/wA="
\t},
\t{
\t\t"key": "app/",
\t\t"flags": 0,
\t\t"value": ""
\t}
]
"""


def read(root: Path, content: str | bytes) -> list[Entry | Problem]:
    (root / "dump.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(export("dump.json", root))


def entry(**changed: Any) -> str:
    return json.dumps([{"key": "a", "flags": 0, "value": ""} | changed])


def test_an_export_is_read_with_its_flags_and_bytes(tmp_path: Path) -> None:
    source = Source("export", "dump.json")

    assert read(tmp_path, AS_CONSUL_WRITES_IT) == [
        Entry(source, "app/logo", Seed(b"\xff\x00", MAX_FLAGS)),
        Entry(source, "app/", Seed(b"")),
    ]


@given(
    some.dictionaries(
        some.text(some.characters(exclude_categories=["Cs"]), max_size=5),
        some.tuples(some.binary(max_size=20), some.integers(0, MAX_FLAGS)),
        min_size=1,
        max_size=5,
    )
)
def test_every_exported_entry_is_seeded(stored: dict[str, tuple[bytes, int]]) -> None:
    written = [
        {"key": key, "flags": flags, "value": base64.b64encode(value).decode()}
        for key, (value, flags) in stored.items()
    ]

    with tempfile.TemporaryDirectory() as root:
        found = read(Path(root), json.dumps(written))

    assert {item.key: item.seed for item in found if isinstance(item, Entry)} == {
        key: Seed(value, flags) for key, (value, flags) in stored.items()
    }


NO_LIST = "has no list of entries, give a file that `consul kv export` wrote"
NO_KEY = "entry 1 has no key, export it again"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('[\n{"key": ]', "has a syntax error in line 2, Expecting value: export it again"),
        (b"\xff", "is not UTF-8 text in line 1, save it as UTF-8"),
        ("{}", NO_LIST),
        ("null", NO_LIST),
        ("9" * 5000, NO_LIST),
        ('["a"]', NO_KEY),
        ('[{"flags": 0, "value": ""}]', NO_KEY),
        (entry(key=None), NO_KEY),
        (entry(key=["a"]), NO_KEY),
    ],
    ids=["syntax", "binary", "map", "null", "digits", "text", "none", "null key", "list"],
)
def test_a_file_that_is_not_an_export_is_refused(tmp_path: Path, content: str | bytes, fault: str) -> None:
    assert read(tmp_path, content) == [Problem(Source("export", "dump.json"), fault)]


def test_a_file_with_lists_nested_too_deep_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path, "[" * 100_000) == [Problem(Source("export", "dump.json"), NO_LIST)]


NO_BASE64 = "has a value that is not base64, export it again"
ENTERPRISE = "is in a namespace or partition of Consul Enterprise, export the default one"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"flags": -1}, "expected flags from 0 to 18446744073709551615, got -1"),
        ({"flags": 2**64}, "expected flags from 0 to 18446744073709551615, got 18446744073709551616"),
        ({"flags": 1.0}, "expected flags from 0 to 18446744073709551615, got 1.0"),
        ({"flags": True}, "expected flags from 0 to 18446744073709551615, got True"),
        ({"flags": "1"}, "expected flags from 0 to 18446744073709551615, got '1'"),
        ({"flags": None}, "expected flags from 0 to 18446744073709551615, got None"),
        ({"value": "a"}, NO_BASE64),
        ({"value": "a b="}, NO_BASE64),
        ({"value": "ä"}, NO_BASE64),
        ({"value": None}, NO_BASE64),
        ({"value": 1}, NO_BASE64),
        ({"namespace": "team"}, ENTERPRISE),
        ({"partition": "team"}, ENTERPRISE),
    ],
    ids=str,
)
def test_a_malformed_entry_is_refused(tmp_path: Path, changed: dict[str, Any], fault: str) -> None:
    assert read(tmp_path, entry(**changed)) == [Problem(Source("export", "dump.json"), fault, "a")]


@pytest.mark.parametrize("changed", [{"lock_index": 3}, {"namespace": ""}, {"partition": "default"}], ids=str)
def test_other_fields_of_an_entry_are_ignored(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert read(tmp_path, entry(**changed)) == [Entry(Source("export", "dump.json"), "a", Seed(b""))]


def test_an_export_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(export("gone", tmp_path)) == [
        Problem(Source("export"), "'gone' does not exist, give a path relative to the program's folder")
    ]
    monkeypatch.setattr(exports, "MAX_EXPORT", 1)
    assert read(tmp_path, "[]") == [Problem(Source("export", "dump.json"), "has 2 bytes, at most 1 fit")]

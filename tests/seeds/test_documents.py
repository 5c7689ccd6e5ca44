import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import pytest
import yaml
from consul_on_pulumi.seeds import tree
from consul_on_pulumi.seeds.documents import can_expand, expand
from consul_on_pulumi.seeds.tree import DocumentError, InvalidValue
from hypothesis import given
from hypothesis import strategies as some

NAMES = some.text(some.characters(categories=["L", "N"]), min_size=1, max_size=5)
TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = TEXTS | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False)
TREES = some.dictionaries(
    NAMES,
    some.recursive(LEAVES, lambda below: some.dictionaries(NAMES, below, min_size=1, max_size=3), max_leaves=6),
    min_size=1,
    max_size=3,
)


def entries(name: str, text: str) -> dict[str, str]:
    """All leaves of a document without problems."""
    found = list(expand(PurePath(name), text.encode()))
    assert len(dict(found)) == len(found)
    assert [leaf for _, leaf in found if isinstance(leaf, InvalidValue)] == []
    return {key: leaf for key, leaf in found if isinstance(leaf, str)}


def faults(name: str, text: str | bytes) -> list[tuple[str, str]]:
    found = expand(PurePath(name), text if isinstance(text, bytes) else text.encode())
    return [(key, leaf.text) for key, leaf in found if isinstance(leaf, InvalidValue)]


def malformed(name: str, text: str | bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        faults(name, text)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a.yml", "a.properties", "A.JSON", "b.c.Yaml"])
def test_documents_are_recognized_by_their_extension(name: str) -> None:
    assert can_expand(PurePath(name))


@pytest.mark.parametrize("name", ["json", "a.json5", "a.toml", "a", "yaml", "a.json.bak"])
def test_files_with_other_extensions_are_not_expanded(name: str) -> None:
    assert not can_expand(PurePath(name))


@pytest.mark.parametrize(
    "written",
    "1.10 1.0 007 1_000 0x1F 1e3 on yes true True 2026-01-02 10:30 -0 .5 a_b .inf 0o17 =".split(),
)
def test_yaml_scalars_stay_as_written(written: str) -> None:
    assert entries("a.yaml", f"a: {written}\nb: '{written}'\n{written}: c") == {
        "a": written,
        "b": written,
        written: "c",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: {c: x}}\nd: y", {"a/b/c": "x", "d": "y"}),
        ("a: ''\nb: 'null'\nc: \"~\"", {"a": "", "b": "null", "c": "~"}),
        ("a: |\n  one\n  two\nb: >-\n  one\n  two", {"a": "one\ntwo\n", "b": "one two"}),
        ("a/b: x\na: {c: y}", {"a/b": "x", "a/c": "y"}),
        ("a: !!str 5\nb: ! x\nc: !!map {d: e}", {"a": "5", "b": "x", "c/d": "e"}),
        ("\ufeffa: ä ☃", {"a": "ä ☃"}),
        ("a: &x {b: c}\nd: *x", {"a/b": "c", "d/b": "c"}),
        ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3", {"a/b": "1", "a/c": "2", "d/b": "3", "d/c": "2"}),
        (
            "x: &x {b: 1}\ny: &y {b: 2, c: 3}\nd: {<<: [*x, *y]}",
            {"x/b": "1", "y/b": "2", "y/c": "3", "d/b": "1", "d/c": "3"},
        ),
        ("a: {'<<': b}", {"a/<<": "b"}),
    ],
    ids=[
        "nested",
        "quoted",
        "blocks",
        "slashes",
        "tags",
        "byte order mark",
        "alias",
        "merge",
        "merge of two",
        "quoted merge",
    ],
)
def test_yaml_is_read(text: str, expected: dict[str, str]) -> None:
    assert entries("a.yaml", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": {"b": "x"}, "c/d": "y"}', {"a/b": "x", "c/d": "y"}),
        ('{"a": 1.10, "b": 1e3, "c": -0, "d": 1E+2}', {"a": "1.10", "b": "1e3", "c": "-0", "d": "1E+2"}),
        ('{"a": true, "b": false, "c": "", "d": "null"}', {"a": "true", "b": "false", "c": "", "d": "null"}),
        ('{"a": ' + "9" * 5000 + "}", {"a": "9" * 5000}),
        ('\ufeff{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    ],
    ids=["nested", "numbers", "words", "digits", "byte order mark"],
)
def test_json_is_read(text: str, expected: dict[str, str]) -> None:
    assert entries("a.json", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b=c", {"a.b": "c"}),
        ("# note\n! note\n\na = b c \nd:e\nf g", {"a": "b c ", "d": "e", "f": "g"}),
        ("a=b\\\n   c\nd=\\u00e4", {"a": "bc", "d": "ä"}),
        ("a=\nb=null\nc/d=1.10", {"a": "", "b": "null", "c/d": "1.10"}),
        ("a=b\r\nc=ä ☃\r\n", {"a": "b", "c": "ä ☃"}),
    ],
    ids=["dots", "notations", "escapes", "literal", "Windows"],
)
def test_properties_are_read(text: str, expected: dict[str, str]) -> None:
    assert entries("a.properties", text) == expected


def flat(inner: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in inner.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)


@given(TREES)
def test_every_leaf_of_json_has_its_path_as_key_and_its_text_as_written(inner: dict[str, Any]) -> None:
    assert entries("a.json", json.dumps(inner)) == dict(flat(inner))


@given(TREES)
def test_a_document_gives_the_same_entries_as_json_and_as_yaml(inner: dict[str, Any]) -> None:
    # A surrogate pair is one character in JSON and two in YAML, so write none; YAML takes only printable ones.
    inner = json.loads("".join(char if char.isprintable() else "x" for char in json.dumps(inner, ensure_ascii=False)))

    assert entries("a.yaml", json.dumps(inner, ensure_ascii=False)) == dict(flat(inner))


LIST = (
    "is a list, which one value cannot hold: write it as quoted text or keep the file whole with `whole` or "
    "`expand: false`"
)
NOTHING = "has no value, write '' for an empty one"
EMPTY = "is an empty map, give it keys or a value"
TWICE = "is given twice, keep one"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", '{"a": {"b": [1]}, "c": null, "d": {}}', [("a/b", LIST), ("c", NOTHING), ("d", EMPTY)]),
        ("a.yaml", "a: {b: [1]}\nc:\nd: {}", [("a/b", LIST), ("c", NOTHING), ("d", EMPTY)]),
        ("a.yaml", "a: ~\nb: null\nc: NULL", [("a", NOTHING), ("b", NOTHING), ("c", NOTHING)]),
        ("a.json", '{"a": 1, "b": 2, "a": 3}', [("a", TWICE)]),
        ("a.json", '{"a": {"b": 1}, "a": {"c": 3}}', [("a", TWICE)]),
        ("a.yaml", "a: 1\nb: 2\na: 3", [("a", TWICE)]),
        ("a.yaml", "x: {a: {b: 1}, a: {c: 3}}", [("x/a", TWICE)]),
        ("a.properties", "a=1\nb=2\na : 1", [("a", TWICE)]),
        (
            "a.yaml",
            "a: !!int 5\nb: !Ref {c: d}",
            [
                ("a", "has the tag 'tag:yaml.org,2002:int', which is not supported: remove the tag"),
                ("b", "has the tag '!Ref', which is not supported: remove the tag"),
            ],
        ),
    ],
)
def test_a_leaf_that_cannot_be_stored_is_a_problem(name: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert faults(name, text) == expected


NO_MAP = "has no map of keys: add keys, leave it out, or keep the file whole with `whole` or `expand: false`"
TOO_MANY = (
    "expands to more than 100000 keys or 67108864 characters, keep the file whole with `whole` or `expand: false`"
)
NO_MAPPING = "mapping values are not allowed in this context"
NO_ESCAPE = "Invalid \\u escape sequence: \\u12"
TOO_DEEP = "is nested too deep, keep the file whole with `whole` or `expand: false`"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("a.json", text) for text in ("[1]", "1", "null", "{}")),
        *(("a.yaml", text) for text in ("- a", "a", "", "# note", "{}", "---")),
        *(("a.properties", text) for text in ("", "# note")),
    ],
)
def test_a_document_without_keys_is_refused(name: str, text: str) -> None:
    assert malformed(name, text) == NO_MAP


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", '{\n"a" 1}', "has a syntax error in line 2, Expecting ':' delimiter: correct it"),
        ("a.json", "", "has a syntax error in line 1, Expecting value: correct it"),
        ("a.json", '{"a": NaN}', "has NaN, which is not JSON: write it as quoted text"),
        ("a.json", '{"a": -Infinity}', "has -Infinity, which is not JSON: write it as quoted text"),
        ("a.json", b'{\n"a": "\xff"}', "is not UTF-8 text in line 2, save it as UTF-8"),
        ("a.yaml", "b: 2\na: *x", "has a syntax error in line 2, found undefined alias: correct it"),
        ("a.yaml", "a: 1\nb: c: d", f"has a syntax error in line 2, {NO_MAPPING}: correct it"),
        ("a.yaml", "ä: ä\nb: \x07", "has a syntax error in line 2, control characters are not allowed: correct it"),
        ("a.yaml", "x: 1\n? [a, b]\n: c", "has a map or a list as a key in line 2, write text"),
        ("a.yaml", "x: 1\na: {<<: b}", "merges (<<) a value that is not a map in line 2, merge a map"),
        ("a.yaml", "!Ref {a: b}", "has the tag '!Ref', which is not supported: remove the tag"),
        ("a.yaml", "a: &a {b: *a}", TOO_MANY),
        ("a.properties", "a=1\n# x\n\nb=\\u12", f"has a syntax error in line 4, {NO_ESCAPE}: correct it"),
        ("a.properties", b"a=\xe4", "is not UTF-8 text in line 1, save it as UTF-8"),
    ],
)
def test_a_document_that_cannot_be_expanded_is_refused(name: str, text: str | bytes, expected: str) -> None:
    assert malformed(name, text) == expected


def test_a_document_that_is_nested_too_deep_is_refused() -> None:
    assert malformed("a.json", '{"a":' * 100_000) == TOO_DEEP
    assert malformed("a.yaml", "{a: " * 990 + "1" + "}" * 990) == TOO_DEEP
    assert malformed("a.yaml", "[" * 100_000) == (
        "has a syntax error in line 1, while increasing flow level, exceeded maximum nesting depth: correct it"
    )


def bomb(levels: int, first: str) -> str:
    """YAML whose aliases expand to ten times as many keys on every level."""
    lines = [f"a0: &a0 {first}"]
    for level in range(1, levels + 1):
        lines.append(f"a{level}: &a{level} {{{', '.join(f'k{one}: *a{level - 1}' for one in range(10))}}}")
    return "\n".join(lines)


def test_aliases_that_expand_to_too_many_keys_are_refused() -> None:
    assert malformed("a.yaml", bomb(20, "x")) == TOO_MANY


def test_aliases_that_expand_to_too_much_text_are_refused() -> None:
    assert malformed("a.yaml", bomb(3, "x" * 100_000)) == TOO_MANY


def test_merges_of_too_many_keys_are_refused() -> None:
    wide = "a: &a {" + ", ".join(f"k{number}: 1" for number in range(2000)) + "}"

    assert malformed("a.yaml", wide + "\nb: {<<: [" + ", ".join(["*a"] * 1000) + "]}") == (
        "merges (<<) more than 100000 keys, keep the file whole with `whole` or `expand: false`"
    )


def test_a_document_with_as_many_keys_as_the_limit_is_expanded() -> None:
    assert len(entries("a.json", json.dumps(dict.fromkeys(map(str, range(tree.MAX_KEYS)), "")))) == tree.MAX_KEYS


def test_yaml_gives_the_same_entries_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consul_on_pulumi.seeds.yaml_tree._LOADER", yaml.BaseLoader)

    assert entries("a.yaml", "a: &x {b: on, c: 1.10}\nd:\n  <<: *x\n  b: '~'") == {
        "a/b": "on",
        "a/c": "1.10",
        "d/b": "~",
        "d/c": "1.10",
    }
    assert faults("a.yaml", "a: ~") == [("a", NOTHING)]
    assert (
        malformed("a.yaml", "a: b: c")
        == "has a syntax error in line 1, mapping values are not allowed here: correct it"
    )
    assert malformed("a.yaml", "[" * 5000) == TOO_DEEP


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2\n", "---\na: 1\n---\nb: 2\n", "a: 1\n...\n---\n[]\n"])
def test_c3_several_yaml_documents_in_one_file_are_told_with_the_two_ways_out(text: str) -> None:
    line = text.rindex("---", 1)

    with pytest.raises(DocumentError) as caught:
        list(expand(PurePath("application.yml"), text.encode()))

    assert str(caught.value) == (
        f"has a second YAML document (--- in line {text[:line].count(chr(10)) + 1}): split it, or keep the file whole "
        "with `whole` or `expand: false`"
    )

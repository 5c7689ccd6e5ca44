"""The table of Consul's releases is what their sources say."""

import json
from typing import Any

import pytest
from consul_on_pulumi.releases.formats import formats
from consul_on_pulumi.releases.release import parse

from tools import consul_formats
from tools.found import SetupError

COMMITTED = json.loads(consul_formats.TABLE.read_text(encoding="utf-8"))


def read(keys: dict[str, str], messages: dict[str, int] | None = None) -> Any:
    return {"types": {"Config": keys}, "successors": {}, "messages": messages or {}}


NEWEST = {release.rpartition(".")[0]: release for release in COMMITTED["releases"]}


@pytest.mark.e2e
@pytest.mark.parametrize("release", NEWEST.values())
def test_the_table_says_of_a_release_what_its_sources_say(release: str) -> None:
    """Downloads the sources once, into Go's cache."""
    sources, number = consul_formats.read(release), parse(release)
    assert number
    table = formats()
    for name, keys in table.types.items():
        known = {key: value for key, value in keys.items() if not table.missing(f"{name}.{key}", number)}
        assert known == sources["types"].get(name, {})
    assert sources["types"].keys() <= table.types.keys()
    assert sources["successors"].items() <= table.successors.items()
    new = {message.name: message.number for message in table.messages if message.since <= number}
    assert new == {name: sources["messages"][name] for name in sources["messages"] if name in COMMITTED["messages"]}


def test_added_and_removed_keys_and_new_messages_are_recorded_with_the_release() -> None:
    table = consul_formats.merged(
        {
            "1.0.0": read({"a": "text", "b": "flag"}, {"Old": 0}),
            "1.1.0": read({"a": "text", "c": "text"}, {"Old": 0, "New": 1}),
            "1.2.0": read({"a": "text", "c": "text"}, {"Old": 0, "New": 1}),
        }
    )

    assert table["types"] == {"Config": {"a": "text", "b": "flag", "c": "text"}}
    assert (table["since"], table["until"]) == ({"Config.c": "1.1.0"}, {"Config.b": "1.1.0"})
    assert table["messages"] == {"New": {"number": 1, "since": "1.1.0"}}


def test_a_key_with_another_kind_of_value_needs_a_decision() -> None:
    with pytest.raises(SetupError, match=r"reads other values of Config\.a"):
        consul_formats.merged({"1.0.0": read({"a": "text"}), "1.1.0": read({"a": "flag"})})

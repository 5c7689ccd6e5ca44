from hashlib import sha256
from typing import Any

import pytest
from consul_on_pulumi.model.kv_state import held, same, shown
from consul_on_pulumi.model.seed import Seed, Seeds
from hypothesis import given
from hypothesis import strategies as some

SEEDS = some.dictionaries(
    some.text(max_size=5), some.builds(Seed, some.binary(max_size=6), some.integers(0, 2**64 - 1)), max_size=5
)


def test_text_is_shown_as_it_is() -> None:
    assert shown({"a": Seed("wéb\n".encode()), "b": Seed(b"")}) == {"entries": {"a": "wéb\n", "b": ""}}


def test_what_is_no_text_is_shown_by_size_and_digest() -> None:
    assert shown({"a": Seed(b"\xff\x00")}) == {
        "entries": {},
        "binary": {"a": {"bytes": 2, "sha256": sha256(b"\xff\x00").hexdigest(), "content": "/wA="}},
    }


@pytest.mark.parametrize("value", [b"\x00", b"a\x1b[31m", b"\xff", "\u202e".encode()])
def test_what_would_mislead_a_reader_of_a_preview_is_no_text(value: bytes) -> None:
    assert Seed(value).text is None


def test_flags_are_shown_where_there_are_any_and_lose_nothing() -> None:
    assert shown({"a": Seed(b"1", 2**64 - 1), "b": Seed(b"1")})["flags"] == {"a": str(2**64 - 1)}


def test_secret_values_lie_apart() -> None:
    assert shown({"a": Seed(b"1"), "s": Seed(b"hush", 3)}, {"s": "hush"}) == {
        "entries": {"a": "1"},
        "secrets": {"s": "hush"},
        "flags": {"s": "3"},
    }


@given(SEEDS)
def test_what_is_shown_is_held(seeds: Seeds) -> None:
    assert held(shown(seeds)) == seeds


def test_a_state_of_the_first_version_is_understood() -> None:
    assert held({"addresses": ["http://one"], "entries": {"a": "1"}, "revision": 1.0}) == {"a": Seed(b"1")}


@pytest.mark.parametrize(
    "props",
    [
        {"entries": {"a": None}},
        {"entries": {}, "secrets": {"a": object()}},
        {"entries": {}, "binary": {"a": {"content": object()}}},
    ],
)
def test_what_is_not_known_yet_is_no_value(props: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected text"):
        held(props)


def test_a_part_that_is_missing_is_an_empty_one() -> None:
    assert same({"entries": {"a": "1"}}, {"entries": {"a": "1"}, "flags": {}})
    assert not same({"entries": {"a": "1"}}, {"entries": {"a": "1"}, "flags": {"a": "1"}})

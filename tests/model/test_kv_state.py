from hashlib import sha256
from typing import Any

import pytest
from consul_on_pulumi.model.kv_state import seeds_of, to_props
from consul_on_pulumi.model.seed import Seed, Seeds
from hypothesis import given
from hypothesis import strategies as some

SEEDS = some.dictionaries(
    some.text(max_size=5), some.builds(Seed, some.binary(max_size=6), some.integers(0, 2**64 - 1)), max_size=5
)


def test_text_is_stored_as_it_is() -> None:
    assert to_props({"a": Seed("wéb\n".encode()), "b": Seed(b"")}) == {"entries": {"a": "wéb\n", "b": ""}}


def test_a_binary_value_is_stored_with_size_and_digest() -> None:
    assert to_props({"a": Seed(b"\xff\x00")}) == {
        "entries": {},
        "binary": {"a": {"bytes": 2, "sha256": sha256(b"\xff\x00").hexdigest(), "content": "/wA="}},
    }


@pytest.mark.parametrize("value", [b"\x00", b"a\x1b[31m", b"\xff", "\u202e".encode()])
def test_a_value_with_control_characters_is_binary(value: bytes) -> None:
    assert Seed(value).text is None


def test_flags_are_stored_without_loss_and_left_out_if_0() -> None:
    assert to_props({"a": Seed(b"1", 2**64 - 1), "b": Seed(b"1")})["flags"] == {"a": str(2**64 - 1)}


def test_secret_values_have_their_own_map() -> None:
    assert to_props({"a": Seed(b"1"), "s": Seed(b"hush", 3)}, {"s": "hush"}) == {
        "entries": {"a": "1"},
        "secrets": {"s": "hush"},
        "flags": {"s": "3"},
    }


@given(SEEDS)
def test_the_seeds_are_read_back_from_the_properties(seeds: Seeds) -> None:
    assert seeds_of(to_props(seeds)) == seeds


def test_properties_with_entries_alone_are_read() -> None:
    assert seeds_of({"addresses": ["http://one"], "entries": {"a": "1"}, "revision": 1.0}) == {"a": Seed(b"1")}


@pytest.mark.parametrize(
    "props",
    [
        {"entries": {"a": None}},
        {"entries": {}, "secrets": {"a": object()}},
        {"entries": {}, "binary": {"a": {"content": object()}}},
    ],
)
def test_a_value_that_is_not_known_yet_is_an_error(props: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected text"):
        seeds_of(props)

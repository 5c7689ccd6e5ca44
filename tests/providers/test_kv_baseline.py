from typing import Any

import pytest
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.providers.kv_baseline import KvBaselineProvider

from tests.doubles.fake_consul import FakeConsul, Fault


def props(consul: FakeConsul, keys: str = "digest") -> dict[str, Any]:
    return {"addresses": consul.addresses, "prefixes": ["app/", "x"], "keys": keys, "revision": 1, "index": None}


def test_existing_keys_are_older_than_the_baseline_and_later_keys_are_newer(consul: FakeConsul) -> None:
    consul.write("app/before", "1")

    noted = KvBaselineProvider().create(props(consul)).outs
    consul.write("app/after", "1")

    assert consul.keys["app/before"].created <= noted["index"] < consul.keys["app/after"].created


def test_the_baseline_changes_only_with_the_keys(consul: FakeConsul) -> None:
    noted = KvBaselineProvider().create(props(consul)).outs

    assert KvBaselineProvider().diff("id", noted, props(consul) | {"addresses": ["http://other"]}).changes is False
    assert KvBaselineProvider().diff("id", noted, props(consul, "another")).changes is True


def test_with_other_keys_the_index_is_read_again(consul: FakeConsul) -> None:
    noted = KvBaselineProvider().create(props(consul)).outs
    consul.write("app/later", "1")

    again = KvBaselineProvider().update("id", noted, props(consul, "another")).outs

    assert again["index"] > noted["index"]
    assert consul.writes() == []


def test_keys_that_the_token_may_not_read_count_too(consul: FakeConsul) -> None:
    """A seed without a slash is no prefix that it may read: others store what they like below."""
    consul.write("x-of-others", "theirs")
    consul.hidden = {"x-of-others"}

    assert KvBaselineProvider().create(props(consul)).outs["index"] == consul.index


@pytest.mark.usefixtures("short_waits")
def test_without_an_answer_creating_fails(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    with pytest.raises(UnreachableError):
        KvBaselineProvider().create(props(consul))

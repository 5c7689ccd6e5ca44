"""Recorded previews and the comments that are made of them."""

import random
from pathlib import Path

import pytest
from consul_on_pulumi.review.comment import comment
from consul_on_pulumi.review.events import parse

from tests.review.changes import CANARY, CHANGES, STACK
from tests.review.recording import EVENTS, GOLDEN


def lines(name: str) -> list[str]:
    return (EVENTS / f"{name}.json").read_text().splitlines()


def test_every_change_is_recorded_and_nothing_else() -> None:
    assert {path.stem for path in EVENTS.glob("*")} == {path.stem for path in GOLDEN.glob("*")} == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_a_recorded_preview_gives_this_comment(name: str) -> None:
    assert comment(parse(lines(name)), STACK) == (GOLDEN / f"{name}.md").read_text()


@pytest.mark.parametrize("name", CHANGES)
def test_the_order_of_the_events_is_of_no_account(name: str) -> None:
    mixed = lines(name)
    random.Random(name).shuffle(mixed)

    assert comment(parse(mixed), STACK) == (GOLDEN / f"{name}.md").read_text()


def test_no_secret_is_in_any_recording() -> None:
    files: list[Path] = [*EVENTS.glob("*"), *GOLDEN.glob("*")]
    assert not [path.name for path in files if CANARY in path.read_text()]

"""Recorded previews and their comments."""

import random
import re
from pathlib import Path

import pytest
from consul_on_pulumi.review.comment import comment, found_agents, found_losses
from consul_on_pulumi.review.events import parse
from consul_on_pulumi.review.steps import COMPONENTS, DYNAMIC

from tests.e2e.cluster import PROJECT
from tests.review.changes import CANARY, CHANGES, EVENTS, GOLDEN, STACK
from tests.review.programs import OF_PLUGIN, RECORDINGS

MIXED = "mixed-program"
"""Written by hand: the change `client-count` in a program that also has other people's resources."""
NAMES = [*CHANGES, *RECORDINGS, MIXED]


def lines(name: str) -> list[str]:
    return (EVENTS / f"{name}.json").read_text().splitlines()


def test_every_change_is_recorded_and_nothing_else() -> None:
    assert {path.stem for path in EVENTS.glob("*")} == {path.stem for path in GOLDEN.glob("*")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_preview_gives_this_comment(name: str) -> None:
    assert comment(parse(lines(name)), STACK, project=PROJECT) == (GOLDEN / f"{name}.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_events_does_not_matter(name: str) -> None:
    mixed = lines(name)
    random.Random(name).shuffle(mixed)

    assert comment(parse(mixed), STACK, project=PROJECT) == (GOLDEN / f"{name}.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_program_in_another_language_gives_the_same_comment(name: str) -> None:
    """The plugin serves what a Python program serves as dynamic resources."""
    served = (
        (rf"{COMPONENTS}(?!Consul(Cluster|Server|Client)\b)", DYNAMIC) if name == OF_PLUGIN else (DYNAMIC, COMPONENTS)
    )
    of_another = [re.sub(*served, line) for line in lines(name)]

    assert comment(parse(of_another), STACK, project=PROJECT) == (GOLDEN / f"{name}.md").read_text()


def test_house_row_13_logical_names_do_not_matter() -> None:
    """Names were parsed, so a Postgres container passed for a client."""
    foreign = [line.replace("consul-client-", "postgres-").replace("consul-server-", "x-") for line in lines(MIXED)]

    agents = [agent.name for agent in found_agents(parse(foreign))]

    assert len(agents) == len(found_agents(parse(lines(MIXED))))


def test_resources_of_others_are_no_agents_and_no_losses_of_consul() -> None:
    found = parse(lines(MIXED))

    assert found_losses(found) == []
    assert [agent.name for agent in found_agents(found)] == [
        agent.name for agent in found_agents(parse(lines("client-count")))
    ]


def test_no_secret_is_in_any_recording() -> None:
    files: list[Path] = [*EVENTS.glob("*"), *GOLDEN.glob("*")]
    assert not [path.name for path in files if CANARY in path.read_text()]

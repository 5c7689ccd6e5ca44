"""A pull request has one comment for each stack of a project, which is edited."""

from collections.abc import Iterator

import pytest
from consul_on_pulumi.review.publish import publish

from tests.doubles.github import GitHub, written

MARKER = "<!-- consul preview of shop dev -->"


@pytest.fixture
def github() -> Iterator[GitHub]:
    found = GitHub()
    yield found
    found.server.stop()


def test_the_first_comment_is_created_and_the_next_one_edits_it(github: GitHub) -> None:
    assert publish(f"{MARKER}\n\nfirst", github.env) == "created"
    assert publish(f"{MARKER}\n\nsecond", github.env) == "edited"

    assert github.bodies == [f"{MARKER}\n\nsecond"]
    assert github.authorization == {"Bearer t0ken"}


def test_each_stack_has_a_comment_of_its_own(github: GitHub) -> None:
    publish(f"{MARKER}\n\ndev", github.env)
    publish("<!-- consul preview of shop k8s -->\n\nk8s", github.env)

    assert len(github.bodies) == 2


def test_a_comment_behind_two_hundred_others_is_found(github: GitHub) -> None:
    github.comments = [written("chatter") for _ in range(200)] + [written(f"{MARKER}\r\nold")]

    assert publish(f"{MARKER}\nnew", github.env) == "edited"
    assert github.bodies[200] == f"{MARKER}\nnew"


def test_a_person_s_comment_with_the_same_line_is_left_alone(github: GitHub) -> None:
    github.comments = [written(f"{MARKER}\nfake", "User")]

    assert publish(f"{MARKER}\nreal", github.env) == "created"
    assert github.bodies == [f"{MARKER}\nfake", f"{MARKER}\nreal"]

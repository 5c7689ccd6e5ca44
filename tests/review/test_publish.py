"""A pull request has one comment for each stack, which is edited."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from consul_on_pulumi.review.publish import publish

from tests.doubles.http_server import Handler, Server

MARKER = "<!-- consul preview of dev -->"
Comments = list[dict[str, Any]]


def written(body: str, kind: str = "Bot") -> dict[str, Any]:
    return {"id": 0, "body": body, "user": {"type": kind}}


class GitHub:
    """The comments of pull request 7, as GitHub's REST API serves them."""

    def __init__(self) -> None:
        self.comments: Comments = []
        self.authorization: set[str | None] = set()
        github = self

        class Answers(Handler):
            def respond(self, body: bytes) -> None:
                github.authorization.add(self.headers["Authorization"])
                self.send(200, github.answer(self.command, self.path, body))

        self.server = Server(Answers)
        self.server.start()
        self.env = {
            "GITHUB_API_URL": self.server.url,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_TOKEN": "t0ken",
            "PULL_REQUEST": "7",
        }

    def answer(self, method: str, path: str, body: bytes) -> Any:
        if method == "GET":
            assert path.startswith("/repos/o/r/issues/7/comments?per_page=100&page=")
            page = int(path.rpartition("=")[2])
            return self.numbered()[100 * (page - 1) : 100 * page]
        text = str(json.loads(body)["body"])
        if method == "POST":
            assert path == "/repos/o/r/issues/7/comments"
            self.comments.append(written(text))
        else:
            base, _, number = path.rpartition("/")
            assert (method, base) == ("PATCH", "/repos/o/r/issues/comments")
            self.comments[int(number)]["body"] = text
        return {}

    def numbered(self) -> Comments:
        return [{**comment, "id": number} for number, comment in enumerate(self.comments)]

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]


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
    publish("<!-- consul preview of k8s -->\n\nk8s", github.env)

    assert len(github.bodies) == 2


def test_a_comment_behind_two_hundred_others_is_found(github: GitHub) -> None:
    github.comments = [written("chatter") for _ in range(200)] + [written(f"{MARKER}\r\nold")]

    assert publish(f"{MARKER}\nnew", github.env) == "edited"
    assert github.bodies[200] == f"{MARKER}\nnew"


def test_a_person_s_comment_with_the_same_line_is_left_alone(github: GitHub) -> None:
    github.comments = [written(f"{MARKER}\nfake", "User")]

    assert publish(f"{MARKER}\nreal", github.env) == "created"
    assert github.bodies == [f"{MARKER}\nfake", f"{MARKER}\nreal"]

"""A pull request has one comment for each stack, which is edited."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from consul_on_pulumi.review.publish import publish

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

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path.startswith("/repos/o/r/issues/7/comments?per_page=100&page=")
                page = int(self.path.rpartition("=")[2])
                self.answer(github.numbered()[100 * (page - 1) : 100 * page])

            def do_POST(self) -> None:
                assert self.path == "/repos/o/r/issues/7/comments"
                github.comments.append(written(self.body()))
                self.answer({})

            def do_PATCH(self) -> None:
                base, _, number = self.path.rpartition("/")
                assert base == "/repos/o/r/issues/comments"
                github.comments[int(number)]["body"] = self.body()
                self.answer({})

            def body(self) -> str:
                found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                return str(found["body"])

            def answer(self, found: Any) -> None:
                github.authorization.add(self.headers["Authorization"])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.env = {
            "GITHUB_API_URL": f"http://127.0.0.1:{self.server.server_port}",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_TOKEN": "t0ken",
            "PULL_REQUEST": "7",
        }

    def numbered(self) -> Comments:
        return [{**comment, "id": number} for number, comment in enumerate(self.comments)]

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]


@pytest.fixture
def github() -> Iterator[GitHub]:
    found = GitHub()
    yield found
    found.server.shutdown()
    found.server.server_close()


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

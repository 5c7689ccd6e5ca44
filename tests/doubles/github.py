"""The comments of one pull request on GitHub."""

import json
from typing import Any

from tests.doubles.http_server import Handler, Server

Comments = list[dict[str, Any]]


def written(body: str, kind: str = "Bot") -> dict[str, Any]:
    return {"id": 0, "body": body, "user": {"type": kind}}


class GitHub:
    """The comments of pull request 7, as GitHub's REST API serves them."""

    def __init__(self, repository: str = "o/r") -> None:
        self.comments: Comments = []
        self.base = f"/repos/{repository}/issues"
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
            "GITHUB_REPOSITORY": repository,
            "GITHUB_TOKEN": "t0ken",
            "PULL_REQUEST": "7",
        }

    def answer(self, method: str, path: str, body: bytes) -> Any:
        if method == "GET":
            assert path.startswith(f"{self.base}/7/comments?per_page=100&page=")
            page = int(path.rpartition("=")[2])
            return self.numbered()[100 * (page - 1) : 100 * page]
        text = str(json.loads(body)["body"])
        if method == "POST":
            assert path == f"{self.base}/7/comments"
            self.comments.append(written(text))
        else:
            base, _, number = path.rpartition("/")
            assert (method, base) == ("PATCH", f"{self.base}/comments")
            self.comments[int(number)]["body"] = text
        return {}

    def numbered(self) -> Comments:
        return [{**comment, "id": number} for number, comment in enumerate(self.comments)]

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

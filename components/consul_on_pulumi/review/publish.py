"""Puts a comment on a pull request, in place of the one before: `python -m consul_on_pulumi.review.publish comment.md`.

A GitHub workflow knows the rest by itself, but for `GITHUB_TOKEN` and `PULL_REQUEST`, the number.
"""

import itertools
import json
import os
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PAGE = 100
"""Comments of one answer, the most that GitHub gives."""


def publish(text: str, env: Mapping[str, str]) -> str:
    """Write `text` over the comment that begins with the same line, or make a new one; returns `edited` or `made`.

    Raises urllib.error.HTTPError where GitHub refuses.
    """
    repository = f"{env.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{env['GITHUB_REPOSITORY']}"
    comments = f"{repository}/issues/{int(env['PULL_REQUEST'])}/comments"
    marker = text.partition("\n")[0]
    # Anybody can write a comment with this line, and GitHub lets a workflow edit those of others.
    mine = [found["id"] for found in _all(comments, env) if _is_mine(found, marker)]
    if mine:
        _call("PATCH", f"{repository}/issues/comments/{mine[0]}", env, {"body": text})
        return "edited"
    _call("POST", comments, env, {"body": text})
    return "made"


def _is_mine(found: Mapping[str, Any], marker: str) -> bool:
    return found["user"]["type"] == "Bot" and str(found["body"]).partition("\n")[0].strip() == marker


def _all(comments: str, env: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for page in itertools.count(1):
        found = _call("GET", f"{comments}?per_page={PAGE}&page={page}", env)
        yield from found
        if len(found) < PAGE:
            return


def _call(method: str, url: str, env: Mapping[str, str], body: Mapping[str, Any] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {env['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    print(publish(Path(sys.argv[1]).read_text(encoding="utf-8"), os.environ))

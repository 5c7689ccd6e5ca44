"""Publishes a comment on a pull request, or edits the one that it published before. Needs only the standard library.

The environment is that of a GitHub workflow, with `GITHUB_TOKEN` and the number in `PULL_REQUEST` added.
"""

import itertools
import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

PAGE = 100
"""Comments in one answer, the most that GitHub gives."""


def publish(text: str, env: Mapping[str, str]) -> str:
    """Replace the comment of a bot that begins with the same line, else create one; returns `edited` or `created`.

    Raises urllib.error.URLError where GitHub refuses or does not answer, KeyError where a variable is missing, and
    ValueError where one or an answer makes no sense.
    """
    repository = f"{env.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{env['GITHUB_REPOSITORY']}"
    if not re.fullmatch("[0-9]+", number := env["PULL_REQUEST"]):
        raise ValueError(f"PULL_REQUEST: expected the number of a pull request, got {number!r}: a push has none")
    comments = f"{repository}/issues/{number}/comments"
    marker = text.partition("\n")[0]
    # Anybody can write a comment with this line, and a workflow may edit comments of others.
    for found in _all(comments, env):
        if found["user"]["type"] == "Bot" and str(found["body"]).partition("\n")[0].strip() == marker:
            _call("PATCH", f"{repository}/issues/comments/{found['id']}", env, {"body": text})
            return "edited"
    _call("POST", comments, env, {"body": text})
    return "created"


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

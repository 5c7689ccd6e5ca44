"""Markdown that shows any text literally, since anybody may write the values in a pull request."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

LINE = 300
"""Characters of one line of a block."""


def visible(text: str) -> str:
    """`text` on one line: control characters and marks of text direction are escaped."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def clipped(text: str, limit: int = LINE) -> str:
    """At most `limit` characters of `text`, and how many there were."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def code(text: str) -> str:
    """A code span, in which there is no markup, no mention and no link."""
    shown = clipped(visible(text), 120)
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def codes(texts: Sequence[str]) -> str:
    """Code spans with commas; of more than eight the first ones, the last one and the number."""
    if len(texts) <= 8:
        return ", ".join(map(code, texts))
    return f"{code(texts[0])}, {code(texts[1])} … {code(texts[-1])} ({len(texts)})"


def value(found: Any) -> str:
    """A value as JSON on one line."""
    return visible(json.dumps(found, ensure_ascii=False, sort_keys=True))


def block(lines: Iterable[str], limit: int, language: str = "", line_limit: int = LINE) -> str:
    """A code block of at most `limit` characters; lines that do not fit are counted."""
    shown: list[str] = []
    left = 0
    for line in lines:
        text = clipped(visible(line), line_limit)
        limit -= len(text) + 1
        if left or limit < 0:
            left += 1
        else:
            shown.append(text)
    body = "\n".join(shown)
    fence = "`" * max(3, _longest_run(body) + 1)
    more = f"\n\n… and {number(left, 'more line')}" if left else ""
    return f"{fence}{language}\n{body}\n{fence}{more}"


def bullets(lines: Sequence[str], limit: int) -> str:
    """A list of at most `limit` characters; lines that do not fit are counted. `lines` are Markdown."""
    shown: list[str] = []
    for done, line in enumerate(lines):
        limit -= len(line) + 3
        if limit < 0:
            shown.append(f"… and {len(lines) - done} more")
            break
        shown.append(line)
    return "\n".join(f"- {line}" for line in shown)


def number(count: int, what: str) -> str:
    """`1 server`, `2 servers`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)

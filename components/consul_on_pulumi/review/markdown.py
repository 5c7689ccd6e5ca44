"""Markdown that shows any text literally, since anybody may write the values in a pull request."""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
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
    texts = [clipped(visible(line), line_limit) for line in lines]
    shown = _fitting(texts, limit)
    body, left = "\n".join(shown), len(texts) - len(shown)
    fence = "`" * max(3, _longest_run(body) + 1)
    more = f"\n\n… and {number(left, 'more line')}" if left else ""
    return f"{fence}{language}\n{body}\n{fence}{more}"


def bullets(lines: Sequence[str], limit: int) -> str:
    """A list of at most `limit` characters; lines that do not fit are counted. `lines` are Markdown."""
    items = [f"- {line}" for line in lines]
    shown = _fitting(items, limit)
    more = [f"- … and {len(items) - len(shown)} more"] if len(shown) < len(items) else []
    return "\n".join(shown + more)


def number(count: int, what: str) -> str:
    """`1 server`, `2 servers`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _fitting(lines: list[str], limit: int) -> list[str]:
    """The first lines, as many as have at most `limit` characters together."""
    lengths = accumulate(len(line) + 1 for line in lines)
    return lines[: sum(length <= limit for length in lengths)]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)

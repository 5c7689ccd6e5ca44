"""Changed agent configuration as a unified diff, once for all agents to which the same happens."""

import json
from collections.abc import Sequence
from difflib import unified_diff
from typing import Any

from review.agents import Agent, Side
from review.markdown import block, clipped, codes

Difference = tuple[str, ...]


def differences(found: Sequence[Agent]) -> dict[Difference, list[str]]:
    """The lines of each difference, and the agents that it happens to, in their order."""
    grouped: dict[Difference, list[str]] = {}
    for agent in found:
        if agent.before and agent.after and (lines := tuple(_lines(agent.before, agent.after))):
            grouped.setdefault(lines, []).append(agent.name)
    return grouped


def section(found: Sequence[Agent], limit: int) -> str:
    """Markdown of all differences in at most about `limit` characters; nothing where there is none."""
    grouped = differences(found)
    parts = [f"{codes(names)}\n\n{block(lines, limit // len(grouped), 'diff')}" for lines, names in grouped.items()]
    return "\n\n".join(parts)


def _lines(earlier: Side, later: Side) -> list[str]:
    before, after = earlier.configuration, later.configuration
    lines: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        one, other = _written(before.get(name)), _written(after.get(name))
        changed = list(unified_diff(one, other, n=2, lineterm=""))[2:]
        lines += [clipped(line) for line in ([f"# {name}", *changed] if changed and len(before) > 1 else changed)]
    return lines


def _written(document: Any) -> list[str]:
    return [] if document is None else json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).splitlines()

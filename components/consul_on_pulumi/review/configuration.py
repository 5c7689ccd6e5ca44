"""What changes about agents as a diff, shown once for all agents with the same difference."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any

from consul_on_pulumi.review.agents import Agent, Side
from consul_on_pulumi.review.markdown import block, codes, value

GROUPS = 10
"""How many differences are shown. The agents of the others are counted."""
DERIVED = "command line"
"""The property that follows from other settings, and so is not shown itself."""

Difference = tuple[str, ...]


def differences(found: Sequence[Agent]) -> dict[Difference, list[str]]:
    """The lines of each difference, and the names of the agents that have it."""
    grouped: dict[Difference, list[str]] = {}
    for agent in found:
        if agent.before and agent.after and (lines := tuple(_lines(agent.before, agent.after))):
            grouped.setdefault(lines, []).append(agent.name)
    return grouped


def section(found: Sequence[Agent], limit: int) -> str:
    """Markdown of all differences in about `limit` characters; empty where there is none."""
    grouped = list(differences(found).items())
    shown = grouped[:GROUPS]
    parts = [f"{codes(names)}\n\n{block(lines, limit // len(shown), 'diff')}" for lines, names in shown]
    if left := sum(len(names) for _, names in grouped[GROUPS:]):
        parts.append(f"… and {left} more agents")
    return "\n\n".join(parts)


def _lines(before: Side, after: Side) -> list[str]:
    lines: list[str] = []
    files = sorted(before.configuration.keys() | after.configuration.keys())
    for name in files:
        one, other = _written(before.configuration.get(name)), _written(after.configuration.get(name))
        changed = list(unified_diff(one, other, n=2, lineterm=""))[2:]
        lines += [f"# {name}", *changed] if changed and len(files) > 1 else changed
    return [*lines, *_plain(before.rest, after.rest)]


def _plain(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Everything but the configuration: one line for before, one for after."""
    for name in sorted((before.keys() | after.keys()) - {DERIVED}):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if name in before:
            yield f"- {name}: {value(one)}"
        if name in after:
            yield f"+ {name}: {value(other)}"


def _written(text: str | None) -> list[str]:
    """The lines of a file, of JSON with one key a line; none where there is no file."""
    try:
        return json.dumps(json.loads(text or ""), indent=2, sort_keys=True, ensure_ascii=False).splitlines()
    except ValueError:
        return (text or "").splitlines()

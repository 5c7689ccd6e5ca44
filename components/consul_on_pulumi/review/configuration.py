"""What changes about agents as a diff, shown once for all agents with the same difference."""

import json
from collections.abc import Sequence
from difflib import unified_diff

from consul_on_pulumi.review.agents import Agent, Side
from consul_on_pulumi.review.markdown import block, codes, value

GROUPS = 10
"""How many differences are shown. The agents of the others are counted."""
DERIVED = "command line"
"""The property that follows from other settings, and so is not shown itself."""


def section(found: Sequence[Agent], limit: int) -> str:
    """Markdown of all differences in about `limit` characters; empty where there is none."""
    differences: dict[tuple[str, ...], list[str]] = {}
    for agent in found:
        if agent.before and agent.after and (lines := _lines(agent.before, agent.after)):
            differences.setdefault(tuple(lines), []).append(agent.name)
    shown = list(differences.items())[:GROUPS]
    parts = [f"{codes(names)}\n\n{block(lines, limit // len(shown), 'diff')}" for lines, names in shown]
    if left := sum(map(len, list(differences.values())[GROUPS:])):
        parts.append(f"… and {left} more agents")
    return "\n\n".join(parts)


def _lines(before: Side, after: Side) -> list[str]:
    lines: list[str] = []
    files = sorted(before.configuration.keys() | after.configuration.keys())
    for name in files:
        one, other = _written(before.configuration.get(name)), _written(after.configuration.get(name))
        changed = list(unified_diff(one, other, n=2, lineterm=""))[2:]
        lines += [f"# {name}", *changed] if changed and len(files) > 1 else changed
    for name in sorted((before.rest.keys() | after.rest.keys()) - {DERIVED}):
        if before.rest.get(name) != after.rest.get(name):
            sides = (("-", before.rest), ("+", after.rest))
            lines += [f"{sign} {name}: {value(rest[name])}" for sign, rest in sides if name in rest]
    return lines


def _written(text: str | None) -> list[str]:
    """The lines of a file, of JSON with one key a line; none where there is no file."""
    try:
        return json.dumps(json.loads(text or ""), indent=2, sort_keys=True, ensure_ascii=False).splitlines()
    except ValueError:
        return (text or "").splitlines()

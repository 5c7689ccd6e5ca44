"""What a preview does to each Consul agent, on any platform."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from enum import Enum
from typing import Any

from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.review.markdown import block, codes, value
from consul_on_pulumi.review.steps import Step

ROLES = {"ConsulServer": Role.SERVER, "ConsulClient": Role.CLIENT}
"""The component that is the direct parent of an agent's resources, and the agent's role."""
GROUPS = 10
"""How many differences are shown. The agents of the others are counted."""
DERIVED = "command line"
"""The property that follows from other settings, and so is not shown itself."""


class Data(Enum):
    """What happens to an agent's data directory."""

    KEPT = "kept"
    CREATED = "created"
    DESTROYED = "destroyed"
    RETAINED = "retained without an agent"


@dataclass(frozen=True, slots=True)
class Side:
    """An agent before or after the change."""

    image: str
    configuration: Mapping[str, str]
    """File name to the text that Consul reads."""
    rest: Mapping[str, Any] = field(default_factory=dict)
    """All other properties of its container or pod."""


@dataclass(frozen=True, slots=True)
class Agent:
    """What a preview does to one agent."""

    name: str
    """Consul node name."""
    role: Role
    tier: str
    """URN of the ConsulServer or ConsulClient that it is part of."""
    operation: str
    """`same`, `create`, `update`, `replace` or `delete`."""
    data: Data
    before: Side | None
    after: Side | None

    @property
    def stays(self) -> bool:
        """Whether it exists before and after."""
        return self.operation not in ("create", "delete")


def tiers(agents: Sequence[Agent], role: Role) -> dict[str, list[Agent]]:
    """The agents of one role by tier, since a stack may have several clusters."""
    found: dict[str, list[Agent]] = {}
    for agent in agents:
        if agent.role is role:
            found.setdefault(agent.tier, []).append(agent)
    return found


def sizes(tier: Sequence[Agent]) -> tuple[int, int]:
    """How many agents a tier has before and after."""
    return sum(agent.operation != "create" for agent in tier), sum(agent.operation != "delete" for agent in tier)


def belongs(step: Step, *types: str) -> bool:
    """Whether a step is about an object of one of these types that is part of an agent of this package."""
    return step.type in types and step.component in ROLES


def differences(found: Sequence[Agent], limit: int) -> str:
    """Diffs of what changes about agents, each once for all agents with it, in about `limit` characters."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for agent in found:
        if agent.before and agent.after and (lines := _lines(agent.before, agent.after)):
            grouped.setdefault(tuple(lines), []).append(agent.name)
    shown = list(grouped.items())[:GROUPS]
    parts = [f"{codes(names)}\n\n{block(lines, limit // len(shown), 'diff')}" for lines, names in shown]
    if left := sum(map(len, list(grouped.values())[GROUPS:])):
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

"""What happens to each Consul agent, whatever it runs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from consul_on_pulumi.model.topology import Role


class Data(Enum):
    """What becomes of an agent's data directory."""

    KEPT = "kept"
    MADE = "made"
    DESTROYED = "destroyed"
    LEFT = "left behind"


@dataclass(frozen=True, slots=True)
class Side:
    """An agent before or after."""

    image: str
    configuration: Mapping[str, Any]
    """File name to what Consul reads."""
    rest: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that it is made of."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent's share of a preview."""

    name: str
    """Consul's node name, as far as it can be known."""
    role: Role
    operation: str
    """`same`, `create`, `update`, `replace` or `delete`."""
    data: Data
    before: Side | None
    after: Side | None

    @property
    def reasons(self) -> list[str]:
        """What about it changes, in Consul's terms; nothing where an agent comes or goes."""
        if self.before is None or self.after is None:
            return []
        found = []
        if self.before.image != self.after.image:
            found.append(f"image {self.before.image} → {self.after.image}")
        if self.before.configuration != self.after.configuration:
            found.append("agent configuration")
        keys = sorted(self.before.rest.keys() | self.after.rest.keys())
        return found + [key for key in keys if self.before.rest.get(key) != self.after.rest.get(key)]


def of(agents: Sequence[Agent], role: Role, *operations: str) -> list[Agent]:
    """Those of one role to which one of these operations is done."""
    return [agent for agent in agents if agent.role is role and agent.operation in operations]


def tiers(agents: Sequence[Agent], role: Role) -> dict[str, list[Agent]]:
    """Those of one role by the name that all agents of a tier share, since a stack may hold several clusters."""
    found: dict[str, list[Agent]] = {}
    for agent in agents:
        if agent.role is role:
            found.setdefault(agent.name.rpartition("-")[0], []).append(agent)
    return found


def sizes(agents: Sequence[Agent], role: Role) -> tuple[int, int]:
    """How many of a role there are before and after."""
    mine = [agent for agent in agents if agent.role is role]
    return sum(agent.operation != "create" for agent in mine), sum(agent.operation != "delete" for agent in mine)

"""What a preview does to each Consul agent, on any platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.review.steps import Step

ROLES = {"ConsulServer": Role.SERVER, "ConsulClient": Role.CLIENT}
"""The component that is the direct parent of an agent's resources, and the agent's role."""


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

"""What a preview does to each resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

COMPONENTS = "consul-on-pulumi:index:"
"""Start of the type of each component of this package."""


@dataclass(frozen=True, slots=True)
class State:
    """A resource before or after a step."""

    inputs: Mapping[str, Any]
    """As the program gave them; secret and unknown values are SECRET and UNKNOWN."""
    retained: bool = False
    """Whether the object stays when its resource is deleted (`retainOnDelete`)."""


@dataclass(slots=True)
class Step:
    """What happens to one resource."""

    urn: str
    type: str
    operation: str
    """`same`, `create`, `update`, `replace` or `delete`."""
    parent: str = ""
    """URN of the parent, which tells two clusters of one stack apart."""
    before: State | None = None
    after: State | None = None
    paths: set[str] = field(default_factory=set)
    """The properties that differ, where the provider says so: `entries["app/name"]`."""

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)

    @property
    def component(self) -> str:
        """`ConsulCluster`, `ConsulServer` or `ConsulClient` where that is the direct parent, else empty."""
        parent = "".join(self.urn.split("::", 3)[2].split("$")[-2:-1])
        return parent.removeprefix(COMPONENTS) if parent.startswith(COMPONENTS) else ""

    @property
    def object_name(self) -> str:
        """The name that Docker or Kubernetes knows the object by; the logical name where the program gives none."""
        state = self.before or self.after or State({})
        return str(state.inputs.get("name") or mapping(state, "metadata").get("name") or self.name)


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview, also one that failed."""

    steps: tuple[Step, ...]
    """One for each resource, by URN."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    outputs_differ: bool = False
    """Whether an output of the stack would change."""

    @property
    def unchanged(self) -> bool:
        """Whether an update would change no resource and no output."""
        return not self.errors and not self.outputs_differ and all(step.operation == "same" for step in self.steps)


def mapping(state: State | None, key: str) -> Mapping[str, Any]:
    """An input that is a map; empty where it is absent, secret or unknown."""
    found = state.inputs.get(key) if state else None
    return found if isinstance(found, Mapping) else {}


def sequence(state: State | None, key: str) -> list[Any]:
    """An input that is a list; empty where it is absent, secret or unknown."""
    found = state.inputs.get(key) if state else None
    return found if isinstance(found, list) else []


def name_of(urn: str) -> str:
    """The logical name in a URN."""
    return urn.split("::", 3)[-1]

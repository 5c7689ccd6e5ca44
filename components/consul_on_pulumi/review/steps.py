"""What a preview does to each resource."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

COMPONENTS = "consul-on-pulumi:index:"
"""Start of the type of each component of this package, and of its other resources where a plugin serves them."""
DYNAMIC = "pulumi-python:dynamic/consul-on-pulumi:"
"""Start of the type of each other resource of this package in a Python program."""
PLACES = ("host", "context", "kubeconfig", "cluster")
"""The inputs of a provider that say where its objects are."""
_COMPONENT = re.compile(rf"{COMPONENTS}Consul(Cluster|Server|Client)")


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
    provider: str = ""
    """URN of the provider, which tells two engines or two Kubernetes clusters apart."""
    before: State | None = None
    after: State | None = None
    paths: set[str] = field(default_factory=set)
    """The properties that differ, where the provider says so: `entries["app/name"]`."""

    def __post_init__(self) -> None:
        """A plugin gives a resource another type than a Python program does; here both have the latter."""
        if self.type.startswith(COMPONENTS) and not _COMPONENT.fullmatch(self.type):
            self.type = DYNAMIC + self.type.removeprefix(COMPONENTS)

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


def clusters(steps: Sequence[Step]) -> dict[str, list[Step]]:
    """The steps of each cluster, by the URN of its outermost component; without those of other people's resources."""
    by_urn = {step.urn: step for step in steps}
    found: dict[str, list[Step]] = {}
    for step in steps:
        if cluster := _cluster(step.urn, by_urn):
            found.setdefault(cluster, []).append(step)
    return found


def same_place(one: Step, other: Step, steps: Sequence[Step]) -> bool:
    """Whether two objects may be on the same engine or Kubernetes cluster: a default provider may be any of them."""
    settings = {step.urn: (step.after or step.before or State({})).inputs for step in steps}
    first, second = settings.get(one.provider, {}), settings.get(other.provider, {})
    return all(first[key] == second[key] for key in PLACES if first.get(key) and second.get(key))


def _cluster(urn: str, by_urn: Mapping[str, Step]) -> str:
    """The URN of the outermost component around a resource; without its name where the log does not have it."""
    found = ""
    while urn:
        prefix, _, chain = urn.rpartition("::")[0].rpartition("::")
        types = chain.split("$")
        own = [place for place, kind in enumerate(types) if _COMPONENT.fullmatch(kind)]
        if own and own[-1] == len(types) - 1:
            found = urn if urn in by_urn else f"{prefix}::{'$'.join(types[: own[0] + 1])}"
        urn = by_urn[urn].parent if urn in by_urn else ""
    return found


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

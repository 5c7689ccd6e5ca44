"""Reads the engine's event log of a preview: one JSON object a line (pulumi, sdk/go/common/apitype/events.go)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET = "[secret]"
"""Replaces every secret value, as in the engine's own output."""
UNKNOWN = "[known after the update]"
"""Replaces every value that a preview cannot know."""
COMPONENTS = "consul-on-pulumi:index:"
"""Start of the type of each component of this package."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of an object that encodes a special value (pulumi, sdk/go/common/resource/sig)."""
_SECRET_VALUE = "1b47061264138c4ac30d75fd1eb44270"
_NOT_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_COLOUR = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
_WRAPPINGS = (
    re.compile(r"^(update|preview) failed$"),
    re.compile(r"^an unhandled error occurred: program exited with non-zero exit code: \d+$"),
    re.compile(r"^\S+ resource '[^']*'(: property \S+ value \{.*?\} has)?( has)? a problem: "),
)
_OPERATIONS = {
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "read-replacement": "replace",
    "import-replacement": "replace",
    "discard-replaced": "replace",
    "import": "create",
    "read": "same",
    "refresh": "same",
}


@dataclass(frozen=True, slots=True)
class State:
    """A resource before or after a step."""

    inputs: Mapping[str, Any]
    """As the program gave them; secret and unknown values are SECRET and UNKNOWN."""
    retained: bool = False
    """Whether the object stays when its resource is deleted (`retainOnDelete`)."""
    parent: str = ""
    """URN of the parent resource."""


@dataclass(slots=True)
class Step:
    """What happens to one resource."""

    urn: str
    type: str
    operation: str
    """`same`, `create`, `update`, `replace` or `delete`."""
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
    def parent(self) -> str:
        """URN of the parent, which tells two clusters of one stack apart."""
        return next((state.parent for state in (self.before, self.after) if state), "")

    @property
    def object_name(self) -> str:
        """The name that Docker or Kubernetes knows the object by; the logical name where the program gives none."""
        inputs = next((state.inputs for state in (self.before, self.after) if state), {})
        metadata = inputs.get("metadata")
        return str(inputs.get("name") or (metadata.get("name") if isinstance(metadata, dict) else None) or self.name)


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview, also one that failed."""

    steps: tuple[Step, ...]
    """One for each resource, by URN."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def name_of(urn: str) -> str:
    """The logical name in a URN."""
    return urn.split("::", 3)[-1]


def parse(lines: Iterable[str]) -> Preview:
    """Read an event log. Raises ValueError where a line is no event."""
    steps: dict[str, Step] = {}
    said: dict[str, dict[str, None]] = {"error": {}, "warning": {}}
    for line in lines:
        if not line.strip():
            continue
        event = json.loads(line)
        if not isinstance(event, dict):
            raise ValueError(f"expected an event, got {line[:80]!r}")
        if "resourcePreEvent" in event:
            _add(steps, event["resourcePreEvent"]["metadata"])
        elif "diagnosticEvent" in event:
            found = event["diagnosticEvent"]
            said.get(found.get("severity", ""), {})[_reason(found.get("message", ""))] = None
        elif "policyEvent" in event:
            found = event["policyEvent"]
            text = f"{found['policyName']}: {_COLOUR.sub('', found['message']).strip()}"
            said["error" if found.get("enforcementLevel") == "mandatory" else "warning"][text] = None
        elif "errorEvent" in event:
            said["error"][_COLOUR.sub("", event["errorEvent"]["error"]).strip()] = None
    # The engine works on many resources at once, so the order of its events is random.
    for messages in said.values():
        messages.pop("", None)
    in_order = sorted(steps.values(), key=lambda step: step.urn)
    return Preview(tuple(in_order), tuple(sorted(said["error"])), tuple(sorted(said["warning"])))


def _reason(message: str) -> str:
    """A message without the text that the engine adds to the program's own words."""
    text = _COLOUR.sub("", message).strip()
    for pattern in _WRAPPINGS:
        text = pattern.sub("", text)
    return text.strip()


def _add(steps: dict[str, Step], metadata: Mapping[str, Any]) -> None:
    operation = _OPERATIONS.get(metadata["op"], metadata["op"])
    urn = metadata["urn"]
    step = steps.setdefault(urn, Step(urn, metadata["type"], operation))
    if operation != "same":
        step.operation = operation
    step.before = step.before or _state(metadata.get("old"))
    step.after = step.after or _state(metadata.get("new"))
    step.paths |= set(metadata.get("detailedDiff") or metadata.get("diffs") or [])
    # The deletion of a replaced object has the old state on both sides.
    if metadata["op"] in ("delete", "remove"):
        step.operation, step.after = "delete", None


def _state(found: Mapping[str, Any] | None) -> State | None:
    if not found:
        return None
    inputs = {key: plain(value) for key, value in (found.get("inputs") or {}).items() if not key.startswith("__")}
    return State(inputs, bool(found.get("retainOnDelete")), found.get("parent") or "")


def plain(value: Any) -> Any:
    """`value` with SECRET and UNKNOWN in place of secret and unknown values."""
    if isinstance(value, dict):
        if _SIGNATURE in value:
            return SECRET if value[_SIGNATURE] == _SECRET_VALUE else UNKNOWN
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return UNKNOWN if value == _NOT_YET else value

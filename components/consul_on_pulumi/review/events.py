"""Reads the engine's event log of a preview: one JSON object a line (pulumi, sdk/go/common/apitype/events.go)."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from consul_on_pulumi.review.steps import Preview, State, Step

SECRET = "[secret]"
"""Replaces every secret value, as in the engine's own output."""
UNKNOWN = "[known after the update]"
"""Replaces every value that a preview cannot know."""


SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of an object that encodes a special value (pulumi, sdk/go/common/resource/sig)."""
_SECRET_VALUE = "1b47061264138c4ac30d75fd1eb44270"
_NOT_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_COLOUR = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
_TOO_LARGE = "argument list too long"
STACK_FILE_TOO_LARGE = (
    "The stack file is too large, so the program did not start: the engine passes all of its configuration in one "
    "environment variable, which the operating system limits to 128 KiB. Move seeds into files (`folder`, `files` or "
    "`export` of a set in cluster.seed_sets), or write the settings in a program of your own"
)
"""Replaces what the engine says then, which names neither the file nor the limit."""
_WRAPPINGS = (
    re.compile(r"^(update|preview) failed$"),
    re.compile(r"^an unhandled error occurred: program exited with non-zero exit code: \d+$"),
    re.compile(r"^\S+ resource '[^']*'(: property \S+ value \{.*?\} has)?( has)? a problem: "),
)
_OPERATIONS = {"import": "create", "read": "same", "refresh": "same", "remove": "delete"}
"""The engine's words for some operations; each with `replace` in its name is a part of a replacement."""


def parse(lines: Iterable[str]) -> Preview:
    """Read an event log. Raises ValueError where a line is no event."""
    steps: dict[str, Step] = {}
    messages: dict[str, set[str]] = {"error": set(), "warning": set()}
    outputs_differ = False
    for event in (json.loads(line) for line in lines if line.strip()):
        if not isinstance(event, dict):
            raise ValueError(f"expected an event, got {str(event)[:80]}")
        if "resourcePreEvent" in event:
            _add(steps, event["resourcePreEvent"]["metadata"])
        elif "resOutputsEvent" in event:
            outputs_differ |= _outputs_differ(event["resOutputsEvent"]["metadata"])
        elif "diagnosticEvent" in event:
            found = event["diagnosticEvent"]
            messages.get(found.get("severity"), set()).add(_reason(found.get("message", "")))
        elif "policyEvent" in event:
            found = event["policyEvent"]
            severity = "error" if found.get("enforcementLevel") == "mandatory" else "warning"
            messages[severity].add(f"{found['policyName']}: {_COLOUR.sub('', found['message']).strip()}")
        elif "errorEvent" in event:
            messages["error"].add(_COLOUR.sub("", event["errorEvent"]["error"]).strip())
    # The engine works on many resources at once, so the order of its events is random.
    errors, warnings = (tuple(sorted(texts - {""})) for texts in messages.values())
    return Preview(tuple(sorted(steps.values(), key=lambda step: step.urn)), errors, warnings, outputs_differ)


def _reason(message: str) -> str:
    """A message without the text that the engine adds to the program's own words."""
    text = _COLOUR.sub("", message).strip()
    if text.endswith(_TOO_LARGE):
        return STACK_FILE_TOO_LARGE
    for pattern in _WRAPPINGS:
        text = pattern.sub("", text)
    return text.strip()


def _add(steps: dict[str, Step], metadata: Mapping[str, Any]) -> None:
    urn, op, old, new = metadata["urn"], metadata["op"], metadata.get("old"), metadata.get("new")
    operation = "replace" if "replace" in op else _OPERATIONS.get(op, op)
    step = steps.setdefault(urn, Step(urn, metadata["type"], operation))
    if operation != "same":
        step.operation = operation
    step.parent = step.parent or (old or new or {}).get("parent") or ""
    step.provider = step.provider or ((old or new or {}).get("provider") or "").rpartition("::")[0]
    step.before = step.before or _state(old)
    # A deletion has the old state on both sides.
    step.after = None if operation == "delete" else step.after or _state(new)
    step.paths |= set(metadata.get("detailedDiff") or metadata.get("diffs") or [])


def _outputs_differ(metadata: Mapping[str, Any]) -> bool:
    before, after = ((metadata.get(side) or {}).get("outputs") or {} for side in ("old", "new"))
    return metadata["type"] == "pulumi:pulumi:Stack" and before != after


def _state(found: Mapping[str, Any] | None) -> State | None:
    if not found:
        return None
    inputs = {key: plain(value) for key, value in (found.get("inputs") or {}).items() if not key.startswith("__")}
    return State(inputs, bool(found.get("retainOnDelete")))


def plain(value: Any) -> Any:
    """`value` with SECRET and UNKNOWN in place of secret and unknown values."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return SECRET if value[SIGNATURE] == _SECRET_VALUE else UNKNOWN
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return UNKNOWN if value == _NOT_YET else value

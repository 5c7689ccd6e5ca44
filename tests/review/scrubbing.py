"""Removes from an event log what differs between runs, and what no comment uses."""

import json
import re
from collections.abc import Iterable
from typing import Any

from consul_on_pulumi.platforms.docker.engine import CLUSTER_ID
from consul_on_pulumi.platforms.docker.providers.host_ports import RANGE
from consul_on_pulumi.platforms.kubernetes.review import ROLLOUT
from consul_on_pulumi.review.resources import internal
from consul_on_pulumi.review.steps import COMPONENTS

from tests.e2e.engine import RUN
from tests.review.changes import HTTP_PORT

ALWAYS = (
    "docker:index/container:Container",
    "docker:index/volume:Volume",
    "docker:index/network:Network",
    *(f"{COMPONENTS}Consul{kind}" for kind in ("Cluster", "Server", "Client")),
)
"""Types that a comment counts also where nothing changes."""
REVIEWED = ("server", "change", "kind")
USED = {ROLLOUT: ("names", "image", "configuration", "spec_hash")}
"""The inputs of internal resources that a comment is made from."""
CHOSEN_BY_HAND = range(28500, 28510)
"""In recordings, the ports that a change sets."""


def scrubbed(lines: Iterable[str]) -> list[str]:
    """Events in a fixed order, one a line."""
    events = [slim for line in lines if line.strip() and (slim := _slim(json.loads(line)))]
    text = "\n".join(json.dumps(event, sort_keys=True, ensure_ascii=False) for event in sorted(events, key=_place))
    text = text.replace(f"e2e-{RUN}-", "e2e-").replace(f"e2e-{RUN}", "e2e")
    text = re.sub(r"\b[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\b", "UUID", text)
    text = re.sub(r"\b10\.(19[2-9]|2[01]\d|22[0-3])\.\d+\.", "10.231.0.", text)
    text = re.sub(r"-node-meta=spec_hash:[0-9a-f]+", "-node-meta=spec_hash:0", text)
    chosen: dict[str, str] = {}

    def port(found: re.Match[str]) -> str:
        if int(found[0]) in range(HTTP_PORT, HTTP_PORT + 10):
            return str(CHOSEN_BY_HAND[int(found[0]) - HTTP_PORT])
        if int(found[0]) not in RANGE or int(found[0]) in CHOSEN_BY_HAND:
            return found[0]
        return chosen.setdefault(found[0], str(RANGE.start + len(chosen)))

    return re.sub(r"\b[23]\d{4}\b", port, text).splitlines()


def _place(event: dict[str, Any]) -> tuple[str, ...]:
    """Order by name, which is the same in every run."""
    if "resourcePreEvent" not in event:
        return "", event["diagnosticEvent"]["message"]
    found = event["resourcePreEvent"]["metadata"]
    return found["urn"], found["op"]


def _slim(event: dict[str, Any]) -> dict[str, Any] | None:
    if "diagnosticEvent" in event and event["diagnosticEvent"]["severity"] in ("error", "warning"):
        return {"diagnosticEvent": {key: event["diagnosticEvent"][key] for key in ("message", "severity")}}
    if "resourcePreEvent" not in event:
        return None
    found = event["resourcePreEvent"]["metadata"]
    if found["op"] == "same" and found["type"] not in ALWAYS:
        return None
    kept = {key: found[key] for key in ("urn", "op", "type", "detailedDiff", "diffs") if found.get(key)}
    # The step `replace` of the same resource has both sides.
    sides = () if found["op"] in ("delete-replaced", "create-replacement") else ("old", "new")
    for side in sides:
        if found.get(side):
            inputs = _plain(found[side].get("inputs") or {})
            if internal(found["type"]):
                inputs = {key: inputs[key] for key in USED.get(found["type"], REVIEWED) if key in inputs}
            elif found["op"] == "same":
                inputs = {key: inputs[key] for key in ("name", "command") if key in inputs}
            kept[side] = {"inputs": inputs, "retainOnDelete": found[side].get("retainOnDelete", False)}
            kept[side] |= {key: found[side][key] for key in ("parent",) if key in found[side]}
            # Not the default one, which no comment tells apart.
            if "::default" not in found[side].get("provider", "::default"):
                kept[side]["provider"] = found[side]["provider"]
    return {"resourcePreEvent": {"metadata": kept}}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("label") == CLUSTER_ID:
            return {"label": CLUSTER_ID, "value": "cluster_id"}
        return {key: 1 if key == "baseline" else _plain(inner) for key, inner in value.items() if key != "__provider"}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value

"""An open cluster is closed, and then everything in it rotated, rolled and scaled, while an application writes."""

import json
from functools import partial
from typing import Any

from tests.chaos import scenarios
from tests.chaos.load import Report
from tests.chaos.record import Outcome
from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.waiting import eventually

OPEN = {"enabled": False}
CLOSED = {"enabled": True, "anonymous": "read"}
WORDS = ("authority", "certificates", "gossip_key", "management_token", "tokens")
"""What `security.rotate` knows."""


def outcome(cluster: Cluster) -> Outcome:
    """Every step under load, with the failed writes of each."""
    reports: dict[str, Report] = {}
    token = ""
    steps: dict[str, dict[str, Any]] = {
        "roll": {"agent_config": {"log_level": "WARN"}},
        "accept": {"security": {**CLOSED, "adoption": "accept"}},
        "speak": {"security": {**CLOSED, "adoption": "speak"}},
        "insist": {"security": CLOSED},
        "rotated": {"security": {**CLOSED, "rotate": dict.fromkeys(WORDS, "1")}},
        "forgotten": {},
        "closed roll": {"agent_config": {"log_level": "INFO"}},
        "5 servers": {"servers": 5},
        "3 servers": {"servers": 3},
    }
    for step, settings in steps.items():
        cluster.change(**settings)
        with scenarios.written_to(cluster, step.replace(" ", "-"), partial(str, token)) as report:
            cluster.up()
        cluster.whole(within=90)
        reports[step] = report
        token = token or _application(cluster)
    eventually("a preview without changes", lambda: set(cluster.preview()), lambda found: found == {"same"})
    lost = sum(len(scenarios.lost(cluster, report)) for report in reports.values())
    failed = {step: len(report.failed) for step, report in reports.items()}
    text = ", ".join(f"{step} {len(reports[step].writes)} writes, {number} failed" for step, number in failed.items())
    # A write fails while the leadership moves, as in any roll.
    ordinary = max(10, 2 * failed["roll"])
    return f"{text}; {lost} lost", lost == 0 and max(failed.values()) <= ordinary


def _application(cluster: Cluster) -> str:
    """A token for the application, as soon as the cluster has ACLs; no rotation is meant for it."""
    if not (management := cluster.outputs.get("management_token")):
        return ""
    body = json.dumps({"Policies": [{"Name": "global-management"}], "Description": "application"})
    found = consul.call(cluster.servers[0], "/v1/acl/token", "PUT", body, token=management)
    return str(found.json()["SecretID"])

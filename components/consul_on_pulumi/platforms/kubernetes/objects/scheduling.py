"""The nodes of the agents, and how they are spread."""

from typing import Any

from consul_on_pulumi.platforms.kubernetes.tier import Tier

HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


def of_pod(tier: Tier) -> dict[str, Any]:
    """The part of a pod's spec for the scheduler, and the pull secrets of the image."""
    settings = tier.settings
    found: dict[str, Any] = {
        "affinity": {"pod_anti_affinity": _anti_affinity(tier, hard=settings["spread"] == "hard")},
        "topology_spread_constraints": [
            {
                "max_skew": 1,
                "topology_key": ZONE,
                "when_unsatisfiable": "ScheduleAnyway",
                "label_selector": {"match_labels": tier.selector},
            }
        ],
    }
    if "tolerations" in settings:
        found["tolerations"] = settings["tolerations"]
    if "node_selector" in settings:
        found["node_selector"] = settings["node_selector"]
    if "priority_class" in settings:
        found["priority_class_name"] = settings["priority_class"]
    if "image_pull_secrets" in settings:
        found["image_pull_secrets"] = [{"name": name} for name in settings["image_pull_secrets"]]
    return found


def _anti_affinity(tier: Tier, *, hard: bool) -> dict[str, Any]:
    term = {"label_selector": {"match_labels": tier.selector}, "topology_key": HOST}
    if hard:
        return {"required_during_scheduling_ignored_during_execution": [term]}
    return {"preferred_during_scheduling_ignored_during_execution": [{"weight": 100, "pod_affinity_term": term}]}

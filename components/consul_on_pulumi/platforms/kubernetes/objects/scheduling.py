"""The nodes of the agents, and how they are spread."""

from typing import Any

from consul_on_pulumi.platforms.kubernetes.tier import Tier

HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


def of_pod(tier: Tier) -> dict[str, Any]:
    """The part of a pod's spec for the scheduler, and the pull secrets of the image."""
    settings, agents = tier.settings, {"match_labels": tier.selector}
    by_host = {"label_selector": agents, "topology_key": HOST}
    by_zone = {"label_selector": agents, "topology_key": ZONE, "max_skew": 1, "when_unsatisfiable": "ScheduleAnyway"}
    if settings["spread"] == "hard":
        apart: dict[str, Any] = {"required_during_scheduling_ignored_during_execution": [by_host]}
    else:
        preferred = {"weight": 100, "pod_affinity_term": by_host}
        apart = {"preferred_during_scheduling_ignored_during_execution": [preferred]}
    found: dict[str, Any] = {"affinity": {"pod_anti_affinity": apart}, "topology_spread_constraints": [by_zone]}
    if "tolerations" in settings:
        found["tolerations"] = settings["tolerations"]
    if "node_selector" in settings:
        found["node_selector"] = settings["node_selector"]
    if "priority_class" in settings:
        found["priority_class_name"] = settings["priority_class"]
    if "image_pull_secrets" in settings:
        found["image_pull_secrets"] = [{"name": name} for name in settings["image_pull_secrets"]]
    return found

"""Rollouts as a cluster of version 1.34.2 reported them, from the creation to the end of an update."""

import json
from pathlib import Path
from typing import Any

import pytest

from kubernetes_plugin.awaiting.rules import RULES
from kubernetes_plugin.tokens import kind_of

RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment", "DaemonSet", "Job"])
def test_a_rollout_is_done_when_its_last_report_says_so_and_not_before(kind: str) -> None:
    reports: list[Any] = json.loads((RECORDED / f"{kind}.json").read_text())
    judge: Any = RULES[str(kind_of(reports[0]))].judge
    by_generation: dict[int, list[bool]] = {}
    for report in reports:
        verdict = judge(None, report)
        by_generation.setdefault(report["metadata"]["generation"], []).append(verdict.ready)
        assert verdict.ready or verdict.message

    assert len(by_generation) == (1 if kind == "Job" else 2)
    for ready in by_generation.values():
        assert ready == [False] * (len(ready) - 1) + [True]

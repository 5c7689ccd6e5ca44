from pathlib import Path
from typing import Any

import pytest

from tools.found import SetupError
from tools.kubernetes import processes
from tools.kubernetes.isolation import Group


class Answers:
    """An API server that knows one node."""

    def __init__(self, status: str, heartbeat: str) -> None:
        condition = {"type": "Ready", "status": status, "lastHeartbeatTime": heartbeat}
        self.nodes = {"/api/v1/nodes/node-1": {"status": {"conditions": [condition]}}}

    def get(self, path: str) -> Any:
        return self.nodes.get(path)


@pytest.mark.parametrize(
    ("status", "heartbeat", "is_ready"),
    [
        ("True", "2026-01-02T00:00:00Z", True),
        ("True", "2026-01-01T23:59:59Z", False),
        ("False", "2026-01-02T00:00:01Z", False),
    ],
)
def test_a_node_counts_when_it_spoke_after_its_start(status: str, heartbeat: str, is_ready: bool) -> None:
    answers: Any = Answers(status, heartbeat)

    assert processes.node_is_ready(answers, "node-1", "2026-01-02T00:00:00Z") is is_ready


def test_a_node_that_is_not_there_is_not_ready() -> None:
    answers: Any = Answers("True", "2026-01-02T00:00:00Z")

    assert not processes.node_is_ready(answers, "node-2", "")


def test_nobody_waits_for_a_supervisor_that_ended(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"its supervisor ended, see .*supervisor\.log"):
        processes.await_all("nothing", lambda: False, [Group(tmp_path)])


def test_a_wait_has_an_end_and_says_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "WITHIN", 0.1)

    with pytest.raises(SetupError, match=r"waiting for rain: not within 0 s; see the logs in "):
        processes.await_all("rain", lambda: False, [])

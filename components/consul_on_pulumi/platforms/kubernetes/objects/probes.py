"""The probes: when an agent gets requests, and when it is restarted."""

from typing import Any

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.topology import Role

LEADER = f"wget -q -O - http://127.0.0.1:{ports.HTTP}/v1/status/leader | grep -q :"
"""Fails if the agent knows no leader. This path needs no ACL token."""


def of_agent(role: Role) -> dict[str, Any]:
    """The probes of an agent's container.

    Only an agent that does not listen is restarted. One without a leader keeps running: its vote may be needed.
    """
    listening = {"tcp_socket": {"port": "http"}}
    return {
        # An agent reads its snapshot before it listens; a large one takes minutes.
        "startup_probe": {**listening, "period_seconds": 2, "failure_threshold": 300},
        "liveness_probe": {**listening, "period_seconds": 10, "timeout_seconds": 5, "failure_threshold": 6},
        "readiness_probe": {
            "exec_": {"command": ["/bin/sh", "-ec", LEADER]},
            "period_seconds": 3,
            "timeout_seconds": 5,
            "failure_threshold": 4,
            # A restarted server is a voter within 15 s (server stabilization time and the interval of autopilot).
            # Until then the disruption budget must count it as unavailable.
            **({"success_threshold": 5} if role is Role.SERVER else {}),
        },
    }

"""When Kubernetes sends an agent requests, and when it starts it again."""

from typing import Any

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.topology import Role

LEADER = f"wget -q -O - http://127.0.0.1:{ports.HTTP}/v1/status/leader | grep -q :"
"""Fails where the agent knows no leader; asked without a token, which this path never needs."""


def of_agent(role: Role) -> dict[str, Any]:
    """The probes of an agent's container.

    Only the agent's own silence ends it: without a leader it is needed most, since it may be the one that votes.
    """
    listening = {"tcp_socket": {"port": "http"}}
    return {
        # A large snapshot is read before anything listens.
        "startup_probe": {**listening, "period_seconds": 2, "failure_threshold": 300},
        "liveness_probe": {**listening, "period_seconds": 10, "timeout_seconds": 5, "failure_threshold": 6},
        "readiness_probe": {
            "exec_": {"command": ["/bin/sh", "-ec", LEADER]},
            "period_seconds": 3,
            "timeout_seconds": 5,
            "failure_threshold": 4,
            # A server that returns follows at once and votes within 15 s (stabilization and autopilot's interval).
            # Until then a drain that goes by the disruption budget has to count it as away.
            **({"success_threshold": 5} if role is Role.SERVER else {}),
        },
    }

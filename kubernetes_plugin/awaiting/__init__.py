"""Waiting until an object is what it shall be, or is gone.

Conditions: ``provider/pkg/await`` of pulumi-kubernetes. It watches; this asks again every second at most.
"""

from kubernetes_plugin.awaiting.deletion import await_gone
from kubernetes_plugin.awaiting.readiness import await_ready, look_once

__all__ = ["await_gone", "await_ready", "look_once"]

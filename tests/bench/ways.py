"""The ways to make a cluster, and the operations that are measured in each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Operation = Callable[[], object]

OURS, PLAIN, SHELL, KUBECTL = "this program", "plain Pulumi program", "shell script", "kubectl apply"
UP, PREVIEW, NO_OP = "up", "preview", "up without a change"
CHANGE = "change of clients"
"""One setting of the clients changes, so that each is replaced."""
MORE = "20 clients more"
ROLL = "roll"
"""One setting of the servers changes, so that each is replaced."""
DESTROY = "destroy"
OPERATIONS = (UP, PREVIEW, NO_OP, CHANGE, MORE, ROLL, DESTROY)
"""In the order in which they run."""
ADDED = 20
"""Clients that MORE adds."""
CHANGED = {"log_level": "WARN"}
"""The agent configuration that CHANGE and ROLL set."""


@dataclass(frozen=True)
class Way:
    """One way to make the cluster; operations by their names."""

    name: str
    operations: Mapping[str, Operation]
    forget: Operation
    """Forget what was made, after everything was removed."""

"""The resources that change, by operation. What only keeps order or keeps watch is counted, not listed."""

from collections.abc import Sequence

from consul_on_pulumi.review.events import Step
from consul_on_pulumi.review.markdown import bullets, code

OPERATIONS = ("delete", "replace", "create", "update")
BOOKKEEPING = tuple(
    f"pulumi-python:dynamic/consul-on-pulumi:{name}"
    for name in (
        "Autopilot",
        "ClusterIdentity",
        "ClaimSize",
        "HostPorts",
        "KvBaseline",
        "RaftPeer",
        "ScaleDown",
        "ContainerHealth",
        "VoterGate",
    )
)
"""What follows from other changes by itself, and needs nobody's judgement."""


def changed(steps: Sequence[Step]) -> list[Step]:
    """The steps that do something, without those of components, providers and bookkeeping."""
    return [
        step
        for step in steps
        if step.operation in OPERATIONS and step.type not in BOOKKEEPING and not _structural(step.type)
    ]


def counted(steps: Sequence[Step]) -> str:
    """`1 to delete, 3 to replace`."""
    numbers = {operation: sum(step.operation == operation for step in steps) for operation in OPERATIONS}
    return ", ".join(f"{number} to {operation}" for operation, number in numbers.items() if number)


def section(steps: Sequence[Step], limit: int) -> str:
    """Markdown of at most about `limit` characters."""
    shown, parts = changed(steps), []
    kinds = [(operation, [step for step in shown if step.operation == operation]) for operation in OPERATIONS]
    kinds = [(operation, some) for operation, some in kinds if some]
    for operation, some in kinds:
        lines = sorted(f"{code(step.name)}: {code(_short(step.type))}{_paths(step)}" for step in some)
        parts.append(f"{operation.capitalize()}\n\n{bullets(lines, limit // len(kinds))}")
    kept = [step for step in steps if step.type in BOOKKEEPING and step.operation in OPERATIONS]
    if kept:
        parts.append(f"Beside these, what keeps order and watch: {counted(kept)}.")
    return "\n\n".join(parts)


def _structural(kind: str) -> bool:
    # A component is its children, and no `pulumi:` type is an object of the cluster.
    return kind.startswith(("pulumi:", "consul-on-pulumi:"))


def _short(kind: str) -> str:
    return kind.rpartition(":")[2]


def _paths(step: Step) -> str:
    """The properties that differ, at their first name; of a KV set the entries are a section of their own."""
    names = sorted({path.partition("[")[0].partition(".")[0] for path in step.paths} - {"__provider"})
    if step.operation not in ("update", "replace") or not names:
        return ""
    return f" ({', '.join(map(code, names[:6]))}{' …' if len(names) > 6 else ''})"

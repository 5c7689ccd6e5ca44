"""The resources that change, by operation. Internal resources of the components are counted, not listed."""

from collections.abc import Sequence

from consul_on_pulumi.review.markdown import bullets, code
from consul_on_pulumi.review.steps import Step

OPERATIONS = ("delete", "replace", "create", "update")
DYNAMIC = "pulumi-python:dynamic/consul-on-pulumi:"
"""Start of the type of every dynamic resource of this package."""
LISTED = ("KvEntries", "SecretVolume")
"""Those that hold something of the user's. All others order the changes and check their result."""


def internal(kind: str) -> bool:
    """Whether a type is one of this package that a reviewer need not judge: it follows from other changes."""
    return kind.startswith(DYNAMIC) and kind.removeprefix(DYNAMIC) not in LISTED


def changed(steps: Sequence[Step]) -> list[Step]:
    """The steps that change an object, foreign ones too; not those of components, providers and internal resources."""
    # A component consists of its children, and a `pulumi:` type is no object outside the engine.
    without = ("pulumi:", "consul-on-pulumi:")
    return [
        step
        for step in steps
        if step.operation in OPERATIONS and not internal(step.type) and not step.type.startswith(without)
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
    if hidden := [step for step in steps if internal(step.type) and step.operation in OPERATIONS]:
        parts.append(f"Internal resources, which order the changes and check the result: {counted(hidden)}.")
    return "\n\n".join(parts)


def _short(kind: str) -> str:
    return kind.rpartition(":")[2]


def _paths(step: Step) -> str:
    """The names of the properties that differ, never their values."""
    names = sorted({path.partition("[")[0].partition(".")[0] for path in step.paths} - {"__provider"})
    if step.operation not in ("update", "replace") or not names:
        return ""
    return f" ({', '.join(map(code, names[:6]))}{' …' if len(names) > 6 else ''})"

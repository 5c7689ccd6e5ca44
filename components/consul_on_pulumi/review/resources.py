"""The resources that change, by operation. Internal resources of the components are counted, not listed."""

from collections.abc import Sequence

from consul_on_pulumi.review.markdown import bullets, code
from consul_on_pulumi.review.steps import DYNAMIC, Step

OPERATIONS = ("delete", "replace", "create", "update")
LISTED = ("KvEntries", "SecretVolume")
"""Those that hold something of the user's. All others order the changes and check their result."""


def internal(kind: str) -> bool:
    """Whether a type is one of this package that a reviewer need not judge: it follows from other changes."""
    return kind.startswith(DYNAMIC) and kind.removeprefix(DYNAMIC) not in LISTED


def section(steps: Sequence[Step], limit: int) -> list[str]:
    """Markdown of about `limit` characters, closed until a reader opens it; nothing where no resource changes."""
    # A component consists of its children, and a `pulumi:` type is no object outside the engine.
    objects = [step for step in steps if not step.type.startswith(("pulumi:", "consul-on-pulumi:"))]
    listed = _by_operation([step for step in objects if not internal(step.type)])
    hidden = _by_operation([step for step in objects if internal(step.type)])
    parts = []
    for operation, some in listed.items():
        lines = sorted(f"{code(step.name)}: {code(step.type.rpartition(':')[2])}{_paths(step)}" for step in some)
        parts.append(f"{operation.capitalize()}\n\n{bullets(lines, limit // len(listed))}")
    if hidden:
        parts.append(f"Internal resources, which order the changes and check the result: {_counted(hidden)}.")
    if not parts:
        return []
    summary = f"<summary>Resources: {_counted(listed) or 'internal ones only'}</summary>"
    return [f"<details>{summary}", *parts, "</details>"]


def _by_operation(steps: Sequence[Step]) -> dict[str, list[Step]]:
    found = {operation: [step for step in steps if step.operation == operation] for operation in OPERATIONS}
    return {operation: some for operation, some in found.items() if some}


def _counted(groups: dict[str, list[Step]]) -> str:
    """`1 to delete, 3 to replace`."""
    return ", ".join(f"{len(steps)} to {operation}" for operation, steps in groups.items())


def _paths(step: Step) -> str:
    """The names of the properties that differ, never their values."""
    names = sorted({path.partition("[")[0].partition(".")[0] for path in step.paths} - {"__provider"})
    if step.operation not in ("update", "replace") or not names:
        return ""
    return f" ({', '.join(map(code, names[:6]))}{' …' if len(names) > 6 else ''})"

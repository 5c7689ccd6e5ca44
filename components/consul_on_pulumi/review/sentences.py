"""Sentences about changes that every platform has."""

from collections.abc import Collection, Iterable, Iterator

from consul_on_pulumi.review.agents import ROLES
from consul_on_pulumi.review.markdown import code, codes
from consul_on_pulumi.review.steps import Step, name_of

_VERBS = {"create": "Adds secret files to", "delete": "Removes the secret files of"}


def secret_file_sentences(steps: Iterable[Step], types: Collection[str], key: str) -> Iterator[str]:
    """One sentence for each tier whose secret files change. It shows their names where those are known, no content.

    `types` are the types of the resources that hold the files, and `key` is the input with the files by name.
    """
    for step in steps:
        if step.type in types and step.component in ROLES and step.operation != "same":
            verb = _VERBS.get(step.operation, "Changes the secret files of")
            maps = [state.inputs.get(key) for state in (step.before, step.after) if state]
            names = sorted({name for files in maps if isinstance(files, dict) for name in files})
            listed = f": {codes(names)}" if names else ""
            yield f"{verb} {code(name_of(step.parent))}{listed}. The content is not shown."


def retained_data_sentences(changes: Collection[tuple[bool, bool]]) -> Iterator[str]:
    """Whether data stays after a destroy, where that changes; each pair is before and after, of one volume or claim."""
    if (False, True) in changes:
        yield "Data volumes now stay after `pulumi destroy` (`retain_data`)."
    if (True, False) in changes:
        yield "**Data volumes no longer stay after `pulumi destroy`** (`retain_data`)."


def number(count: int, what: str) -> str:
    """`1 server`, `2 servers`."""
    return f"{count} {what}{'' if count == 1 else 's'}"

"""Secret files of agents: that they change, and never what they hold (components/consul_on_pulumi/consul_on_pulumi/settings/agent_secrets.py)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consul_on_pulumi.review.events import Step
from consul_on_pulumi.review.markdown import code, codes

VOLUME = "pulumi-python:dynamic/consul-on-pulumi:SecretVolume"
OBJECT = "kubernetes:core/v1:Secret"
SUFFIX = "-secrets"
_VERBS = {"create": "Gives secret files to", "delete": "Takes the secret files from"}


def sentences(steps: Sequence[Step]) -> Iterator[str]:
    """Markdown, one for each tier whose files differ."""
    for step in steps:
        if step.type in (VOLUME, OBJECT) and step.name.endswith(SUFFIX) and step.operation != "same":
            verb = _VERBS.get(step.operation, "Changes the secret files of")
            names = _names(step)
            listed = f": {codes(names)}" if names else ""
            yield f"{verb} the agents of {code(step.name.removesuffix(SUFFIX))}{listed}. No content is shown."


def _names(step: Step) -> list[str]:
    """The files of before and after, where they can be told."""
    states: list[Mapping[str, Any]] = [state.inputs for state in (step.before, step.after) if state]
    maps = [state.get("files" if step.type == VOLUME else "data") for state in states]
    return sorted({name for files in maps if isinstance(files, Mapping) for name in files})

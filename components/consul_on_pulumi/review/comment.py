"""The whole comment. Each section has its own limit of length, which limits the length of the comment."""

import importlib
from collections.abc import Collection, Sequence
from typing import Any

from consul_on_pulumi.platforms.choose import PLATFORMS
from consul_on_pulumi.review import headline, kv, losses, resources
from consul_on_pulumi.review.agents import Agent, differences
from consul_on_pulumi.review.losses import Kind, Loss
from consul_on_pulumi.review.markdown import block, bullets, code
from consul_on_pulumi.review.steps import Preview, Step

REFUSALS, HEADLINE, WARNINGS, SETTINGS, KEYS, RESOURCES = 16_000, 8_000, 3_000, 9_000, 14_000, 6_000
"""Characters of each section. GitHub takes 65,536 in one comment."""
WORDS = 4_000
"""Characters of one line of a refusal, which is a sentence and not a value."""
MANY, PREFIXES = 100, 2_000
"""With more keys than this the changes are also summed up by prefix, in at most so many characters."""


def found_agents(preview: Preview) -> list[Agent]:
    """Every agent of the preview, on all platforms."""
    return [agent for platform in _platforms() for agent in platform.agents(preview.steps)]


def found_losses(preview: Preview) -> list[Loss]:
    """Everything that the change would destroy or stop, the worst first; nothing where the preview failed."""
    if preview.errors:
        return []
    lost = losses.losses(preview.steps, found_agents(preview))
    lost += [loss for platform in _platforms() for loss in platform.losses(preview.steps)]
    return sorted(lost, key=lambda loss: list(Kind).index(loss.kind))


def comment(preview: Preview, stack: str, allowed: Collection[str] = (), project: str = "") -> str:
    """Markdown of fewer than 60,000 characters; the same for the same preview.

    `project` counts where the preview failed before it came to a resource; else each resource names its own.
    """
    agents, lost = found_agents(preview), found_losses(preview)
    project = next((step.urn.split("::")[1] for step in preview.steps), project)
    # Two projects of one repository may have a stack of the same name.
    marker = " ".join(filter(None, map(_word, (project, stack))))
    title = f"## Preview of stack {code(stack)}" + (f" of project {code(project)}" if project else "")
    parts = [f"<!-- consul preview of {marker} -->", title]
    parts += _warning(lost, allowed)
    parts.append(bullets(headline.headline(preview, agents, lost, _sentences), HEADLINE))
    if preview.errors:
        lines = [line for error in preview.errors for line in error.splitlines()]
        parts.append(f"### Refused\n\n{block(lines, REFUSALS, 'text', WORDS)}")
    if preview.warnings:
        lines = [line for warning in preview.warnings for line in warning.splitlines()]
        parts.append(f"### Warnings\n\n{block(lines, WARNINGS, 'text')}")
    # A preview that failed knows only some of the changes, and none of them would happen.
    if not preview.errors:
        parts += _changes(preview, agents)
    return "\n\n".join(parts) + "\n"


def _word(text: str) -> str:
    return "".join(char for char in text if char.isalnum() or char in "-_./")[:100].replace("--", "-")


def _sentences(steps: Sequence[Step]) -> list[str]:
    return [sentence for platform in _platforms() for sentence in platform.sentences(steps)]


def _platforms() -> list[Any]:
    """The module `review` of each platform. It ignores what is not a resource of this package on this platform.

    `agents(steps)` gives every Agent that a preview shows one by one, also an unchanged one; `losses(steps)` every Loss
    beside the data of these agents; `sentences(steps)` other changes that a reviewer has to know, as Markdown.
    """
    return [importlib.import_module(f"consul_on_pulumi.platforms.{name}.review") for name in PLATFORMS]


def _changes(preview: Preview, agents: list[Agent]) -> list[str]:
    parts = []
    if settings := differences(agents, SETTINGS):
        parts.append(f"### Agents\n\n{settings}")
    if keys := kv.changes(preview.steps):
        parts.append(f"### KV entries: {kv.counted(keys)}")
        parts += [bullets(kv.by_prefix(keys), PREFIXES)] if len(keys) > MANY else []
        parts.append(block((line for change in keys for line in change.lines), KEYS, "diff"))
    return parts + resources.section(preview.steps, RESOURCES)


def _warning(lost: list[Loss], allowed: Collection[str]) -> list[str]:
    """GitHub's own box for what a reviewer must not overlook."""
    if not lost:
        return []
    what = "This change destroys data or stops Consul servers."
    kinds = dict.fromkeys(loss.kind.value for loss in losses.refused(lost, allowed))
    if not kinds:
        return [f"> [!WARNING]\n> {what} It is explicitly allowed."]
    labels = ", ".join(f"`allow-{kind}`" for kind in kinds)
    options = " ".join(f"--allow {kind}" for kind in kinds)
    how = f"To allow it, give the pull request the label {labels}, or run the review with `{options}`."
    return [f"> [!CAUTION]\n> {what} {how}"]

"""The whole comment. Each section has a limit of its own, so that the whole is bounded by their sum."""

from collections.abc import Collection

from consul_on_pulumi.platforms.docker import review as docker_review
from consul_on_pulumi.platforms.kubernetes import review as kubernetes_review
from consul_on_pulumi.review import configuration, headline, kv, losses, resources
from consul_on_pulumi.review.agents import Agent
from consul_on_pulumi.review.events import Preview
from consul_on_pulumi.review.losses import Loss
from consul_on_pulumi.review.markdown import block, bullets, code, folded

REFUSALS, HEADLINE, WARNINGS, SETTINGS, KEYS, RESOURCES = 16_000, 8_000, 3_000, 9_000, 14_000, 6_000
"""Characters of each section. GitHub takes 65,536 in one comment."""
WORDS = 4_000
"""Characters of one line of a refusal, which is a sentence and no value."""


MANY, PREFIXES = 100, 2_000
"""Keys from which on they are summed up before they are listed, and characters of that sum."""


def found_agents(preview: Preview) -> list[Agent]:
    """Every agent of the preview, on whichever backend."""
    return [*docker_review.agents(preview.steps), *kubernetes_review.agents(preview.steps)]


def found_losses(preview: Preview) -> list[Loss]:
    """Everything that the preview would lose; nothing where it was refused, and so nothing happens."""
    return [] if preview.errors else losses.losses(preview.steps, found_agents(preview))


def comment(preview: Preview, stack: str, allowed: Collection[str] = ()) -> str:
    """Markdown of fewer than 60,000 characters; the same for the same preview."""
    agents, lost = found_agents(preview), found_losses(preview)
    parts = [f"<!-- consul preview of {_marker(stack)} -->", f"## Preview of stack {code(stack)}"]
    parts += _warning(lost, allowed)
    parts.append(bullets(headline.headline(preview, agents, lost), HEADLINE))
    if preview.errors:
        lines = [line for error in preview.errors for line in error.splitlines()]
        parts.append(f"### Refused\n\n{block(lines, REFUSALS, 'text', WORDS)}")
    if preview.warnings:
        lines = [line for warning in preview.warnings for line in warning.splitlines()]
        parts.append(f"### Warnings\n\n{block(lines, WARNINGS, 'text')}")
    # A preview that failed half-way knows half the changes, and none of them will happen.
    if not preview.errors:
        parts += _changes(preview, agents)
    return "\n\n".join(parts) + "\n"


def _changes(preview: Preview, agents: list[Agent]) -> list[str]:
    parts = []
    if settings := configuration.section(agents, SETTINGS):
        parts.append(f"### Agents\n\n{settings}")
    if keys := kv.changes(preview.steps):
        lines = [line for change in keys for line in change.lines]
        parts.append(f"### KV entries: {kv.counted(keys)}")
        parts += [bullets(kv.by_prefix(keys), PREFIXES)] if len(keys) > MANY else []
        parts.append(block(lines, KEYS, "diff"))
    if any(step.operation in resources.OPERATIONS for step in preview.steps):
        body = resources.section(preview.steps, RESOURCES)
        title = resources.counted(resources.changed(preview.steps)) or "bookkeeping alone"
        parts += [folded(f"Resources: {title}", body)] if body else []
    return parts


def _warning(lost: list[Loss], allowed: Collection[str]) -> list[str]:
    """GitHub's own box for what must not be overlooked."""
    refused = losses.refused(lost, allowed)
    if not lost:
        return []
    if not refused:
        return ["> [!WARNING]\n> What this change loses was allowed knowingly."]
    words = " ".join(f"--allow {word}" for word in dict.fromkeys(loss.kind.value for loss in refused))
    return [f"> [!CAUTION]\n> This change loses something for good. To let it pass: `{words}`"]


def _marker(stack: str) -> str:
    return "".join(char for char in stack if char.isalnum() or char in "-_./")[:100].replace("--", "-")

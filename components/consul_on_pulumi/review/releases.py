"""Upgrades and downgrades of Consul, as the provider of ConsulVersion describes them."""

from collections.abc import Iterator, Sequence

from consul_on_pulumi.releases.upgrade import DOWNGRADE
from consul_on_pulumi.review.steps import DYNAMIC, Step

TYPE = f"{DYNAMIC}ConsulVersion"


def changes(steps: Sequence[Step], *, downgrades: bool) -> Iterator[str]:
    """A sentence for each cluster whose servers get another release: an older one, or else a newer one."""
    for step in steps:
        if step.type == TYPE and step.operation in ("create", "update") and step.after:
            inputs = step.after.inputs
            if inputs.get("change") and (inputs.get("kind") == DOWNGRADE) == downgrades:
                yield f"{inputs['change']}."

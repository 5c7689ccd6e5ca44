"""What the review asks of each platform. A platform answers in the module `review` of its folder."""

import importlib
from collections.abc import Iterable, Sequence
from typing import Protocol, cast

from consul_on_pulumi.platforms.choose import PLATFORMS
from consul_on_pulumi.review.agents import Agent
from consul_on_pulumi.review.losses import Loss
from consul_on_pulumi.review.steps import Step


class PlatformReview(Protocol):
    """The functions of such a module. Each ignores what is not a resource of this package on this platform."""

    def agents(self, steps: Sequence[Step]) -> list[Agent]:
        """Every agent that the preview shows one by one, also an unchanged one."""

    def losses(self, steps: Sequence[Step]) -> Iterable[Loss]:
        """What would be lost in addition to the data of these agents."""

    def sentences(self, steps: Sequence[Step]) -> Iterable[str]:
        """Other changes that a reviewer has to know, as Markdown."""


def reviews() -> list[PlatformReview]:
    """The review of every platform."""
    modules = (importlib.import_module(f"consul_on_pulumi.platforms.{name}.review") for name in PLATFORMS)
    return [cast(PlatformReview, module) for module in modules]

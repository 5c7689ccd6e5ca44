"""ClaimSize: how much storage each server's claim asks for. A StatefulSet says so only when it makes a claim."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, UpdateResult

from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.quantity import amount, problem
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ClaimSizeProvider(ConsulProvider):
    """Lets claims grow in place; no pod is replaced for it."""

    compared = ("claims", "size")

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Refuse, in the preview already, a smaller size: Kubernetes lets no volume shrink."""
        before, after = olds.get("size"), news.get("size")
        # At birth there is no size before, and in a preview one that is not known yet.
        if problem(before) or problem(after) or amount(str(after)) >= amount(str(before)):
            return CheckResult(news, [])
        reason = (
            f"cluster.platform.kubernetes.storage.size: expected at least {before}, since no volume shrinks, "
            f"got {after}: put it back"
        )
        return CheckResult(news, [CheckFailure("size", reason)])

    def create(self, props: Properties) -> CreateResult:
        """Let claims grow that were found again and are smaller."""
        _grow(props)
        return CreateResult(props["stateful_set"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Let every claim grow that asks for less."""
        _grow(news)
        return UpdateResult(news)


class ClaimSize(ProviderResource, module="consul-on-pulumi", name="ClaimSize"):
    """The size of the claims that a StatefulSet made."""

    def __init__(
        self,
        name: str,
        claims: Sequence[str],
        size: str,
        workload: Workload,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`size` is a quantity of Kubernetes, such as 10Gi."""
        props = {"claims": claims, "size": size, **workload}
        super().__init__(ClaimSizeProvider(), name, props, opts)


def _grow(props: Properties) -> None:
    pods = StatefulSet(props)
    for name in props["claims"]:
        claim = pods.claim(name)
        if claim and amount(claim["spec"]["resources"]["requests"]["storage"]) < amount(props["size"]):
            pods.grow_claim(name, props["size"])

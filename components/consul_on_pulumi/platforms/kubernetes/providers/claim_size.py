"""ClaimSize: storage and labels of each server's claim. A StatefulSet sets them only when it creates a claim."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.syntax import amount, is_positive
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ClaimSizeProvider(ConsulProvider):
    """Changes claims in place; no pod is replaced."""

    compared = ("claims", "size", "labels")

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """A smaller size: Kubernetes cannot shrink a volume."""
        before, after = olds.get("size"), news.get("size")
        # A new cluster has no size before; in a preview, a size may be unknown.
        if is_positive(before) and is_positive(after) and amount(str(after)) < amount(str(before)):
            yield (
                f"cluster.platform.kubernetes.storage.size: expected at least {before}, since a volume cannot shrink, "
                f"got {after}: set it back to {before}"
            )

    def create(self, props: Properties) -> CreateResult:
        """Change claims that an earlier cluster left."""
        _change({}, props)
        return CreateResult(props["stateful_set"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Change every claim that differs."""
        _change(olds.get("labels") or {}, news)
        return UpdateResult(news)


class ClaimSize(ProviderResource, module="consul-on-pulumi", name="ClaimSize"):
    """The claims of a StatefulSet."""

    def __init__(
        self,
        name: str,
        claims: Sequence[str],
        size: pulumi.Input[str],
        labels: Mapping[str, pulumi.Input[str]],
        workload: Workload,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`size` is a quantity of Kubernetes, such as 10Gi."""
        props = {"claims": claims, "size": size, "labels": labels, **workload}
        super().__init__(ClaimSizeProvider(), name, props, opts)


def _change(labels_before: Mapping[str, str], props: Properties) -> None:
    stateful_set, labels = StatefulSet(props), props["labels"]
    for name in props["claims"]:
        if (claim := stateful_set.claim(name)) is None:
            continue
        change: dict[str, Any] = {}
        if amount(claim["spec"]["resources"]["requests"]["storage"]) < amount(props["size"]):
            change["spec"] = {"resources": {"requests": {"storage": props["size"]}}}
        if not labels.items() <= claim["metadata"].get("labels", {}).items() or labels_before.keys() - labels.keys():
            change["metadata"] = {"labels": {**dict.fromkeys(labels_before), **labels}}
        if change:
            stateful_set.change_claim(name, change)

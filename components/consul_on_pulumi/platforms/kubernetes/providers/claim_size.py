"""ClaimSize: storage and labels of each server's claim. A StatefulSet sets them only when it creates a claim."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.platforms.kubernetes.api.api_server import Object, if_answered
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet, Workload
from consul_on_pulumi.platforms.kubernetes.syntax import amount, is_positive
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ClaimSizeProvider(ConsulProvider):
    """Changes claims in place; no pod is replaced."""

    compared = ("claims", "size", "labels")

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """A smaller size: Kubernetes cannot shrink a volume. A larger one of volumes that cannot grow: it would be
        refused only after all rollouts."""
        before, after = olds.get("size"), news.get("size")
        # A new cluster has no size before; in a preview, a size may be unknown.
        if not (is_positive(before) and is_positive(after)):
            return
        if amount(str(after)) < amount(str(before)):
            yield (
                f"cluster.platform.kubernetes.storage.size: expected at least {before}, since a volume cannot shrink, "
                f"got {after}: set it back to {before}"
            )
        elif amount(str(after)) > amount(str(before)):
            for storage_class in if_answered(lambda: _fixed(news)) or []:
                yield (
                    f"cluster.platform.kubernetes.storage.size: expected {before}, since StorageClass {storage_class} "
                    f"lets no volume grow (`allowVolumeExpansion`), got {after}: set it back to {before}"
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


def _fixed(props: Properties) -> list[str]:
    """The StorageClasses of smaller claims that let no volume grow."""
    stateful_set = StatefulSet(props)
    claims = [claim for name in props["claims"] if (claim := stateful_set.claim(name)) and _is_smaller(claim, props)]
    classes = {claim["spec"].get("storageClassName") for claim in claims}
    return sorted(one for one in classes if one and not stateful_set.lets_grow(one))


def _is_smaller(claim: Object, props: Properties) -> bool:
    return amount(claim["spec"]["resources"]["requests"]["storage"]) < amount(props["size"])


def _change(labels_before: Mapping[str, str], props: Properties) -> None:
    stateful_set, labels = StatefulSet(props), props["labels"]
    for name in props["claims"]:
        if (claim := stateful_set.claim(name)) is None:
            continue
        change: dict[str, Any] = {}
        if _is_smaller(claim, props):
            change["spec"] = {"resources": {"requests": {"storage": props["size"]}}}
        if not labels.items() <= claim["metadata"].get("labels", {}).items() or labels_before.keys() - labels.keys():
            change["metadata"] = {"labels": {**dict.fromkeys(labels_before), **labels}}
        if change:
            stateful_set.change_claim(name, change)

"""Ownership: refuses, in the preview already, what exists under a name of this cluster and belongs to somebody else.

Docker and Kubernetes take over an object of the same name at its creation, and delete it at `destroy`. A platform says
what exists and how its settings adopt it; the mechanism and the message are the same for all kinds of objects.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import UpdateResult

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ForeignObjectError(Exception):
    """Something that this cluster needs exists already and belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """An object that exists and is not of this cluster."""

    name: str
    """Kind and name, as the tools of the platform show them."""
    cluster_id: str | None
    """The cluster ID that it bears."""
    adopt: str = ""
    """The setting that takes it over, as an instruction; empty where none does."""


def refusal(foreign: Sequence[Foreign], label: str, another: str) -> str:
    """The message for these objects. `label` holds the cluster ID; `another` says what else may be chosen."""
    found = []
    for cluster_id in dict.fromkeys(one.cluster_id for one in foreign):
        names = ", ".join(one.name for one in foreign if one.cluster_id == cluster_id)
        whose = "belongs to another cluster or another Pulumi state" if cluster_id else "not created by this stack"
        found.append(f"{names} ({label}: {cluster_id or 'no such label'}, so {whose})")
    adopting = {one.adopt for one in foreign}
    fixes = [another, "or delete by hand what nobody needs"]
    if len(adopting) == 1 and "" not in adopting:
        fixes = [*adopting, *fixes]
    elif any(one.cluster_id for one in foreign):
        fixes = ["use the Pulumi backend and the stack of that cluster", *fixes]
    return f"expected no object of these names, found {'; '.join(found)}. Nothing was changed: {', '.join(fixes)}"


Refusals = Callable[[Properties, Sequence[str]], Iterable[str]]
"""From the properties of an Ownership and some of its objects: why not all of these can be created. In the first
preview there is no cluster ID yet, so nothing that exists is ours. Raises UnreachableError and RefusedError."""


def problems(refusals: Refusals, olds: Properties, news: Properties) -> list[str]:
    """What is foreign. Where the platform does not answer, the update asks again."""
    try:
        return _reasons(refusals, olds, news)
    except (RefusedError, UnreachableError):
        return []


def require(refusals: Refusals, olds: Properties, news: Properties) -> UpdateResult:
    """Raises ForeignObjectError before anything is created."""
    if reasons := _reasons(refusals, olds, news):
        raise ForeignObjectError("\n".join(reasons))
    return UpdateResult(news)


def _reasons(refusals: Refusals, olds: Properties, news: Properties) -> list[str]:
    """Each object is asked for once: what the state holds is ours from then on."""
    new = [one for one in news["objects"] if one not in olds.get("objects", [])]
    return list(refusals(news, new)) if new else []


class Ownership(ProviderResource, module="consul-on-pulumi", name="Ownership"):
    """Whatever creates these objects depends on this."""

    def __init__(
        self,
        provider: ConsulProvider,
        name: str,
        objects: Sequence[str],
        cluster_id: pulumi.Input[str] | None,
        where: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`objects` are spelled `KIND/NAME`; `where` are further inputs of the platform's `provider`."""
        super().__init__(provider, name, {"objects": objects, **where, "cluster_id": cluster_id}, opts)

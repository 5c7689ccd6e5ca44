"""ClusterIdentity: records how a cluster was created, and refuses changes that would break it once it has data."""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.consul import joined
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model import adoption
from consul_on_pulumi.model.connection import Connection, connection_of
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.evidence import operations
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import before_create

SECURITY = ".security.enabled"
"""The end of the path of a setting that is recorded only where it is true: with the phase (model/adoption.py)."""
_PLATFORM = re.compile(r"(?:.*\.)?platform\.\w+(?=\.)")
"""The start of a path up to the platform: each platform has fixed settings, so the recorded paths show which it was."""


class ClusterIdentityProvider(ConsulProvider):
    """Records the first size and the first settings in the state. It changes nothing else."""

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """Another platform, another value of a setting that is fixed at creation, or data in a cluster that joins."""
        joins = news.get("join")
        if joins and joins != olds.get("join") and _is_known(news) and _has_data(olds or news):
            yield (
                "cluster.join: expected to be set when the cluster is created, and never after that: its servers have "
                "data, and two clusters with data in one gossip pool destroy each other. Remove it, or give the new "
                "cluster another name"
            )
        before, after = olds.get("fixed", {}), news.get("fixed", {})
        if before == after or not _has_data(olds):
            return
        for path, value in after.items():
            # A value that is not known in a preview is compared in the update.
            if before.get(path, value) != value and isinstance(value, str) and not path.endswith(SECURITY):
                yield _changed(path, before[path], value)
        if olds and _phase(before) != _phase(after):
            yield from _phase_problems(before, after, news)
        created, wanted = _platforms(before), _platforms(after)
        if created and wanted and created != wanted:
            yield (
                f"{' and '.join(wanted)}: expected {' and '.join(created)} as when the cluster was created: a cluster "
                "on another platform has none of its data. Restore the old platform, or take a snapshot and destroy "
                "this cluster first"
            )

    def create(self, props: Properties) -> CreateResult:
        """Record the size and the settings, and generate the cluster ID."""
        recorded = {"initial_servers": props["servers"], "cluster_id": secrets.token_hex(8)}
        return CreateResult("identity", {**props, **recorded})

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """The recorded values stay the same, except if nothing was stored: the first update failed, then."""
        differs = (olds.get("initial_servers"), olds.get("fixed")) != (news["servers"], news["fixed"])
        return DiffResult(changes=differs and not _has_data(olds))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Record the size and the settings again, and keep the ID."""
        return UpdateResult({**news, "initial_servers": news["servers"], "cluster_id": olds["cluster_id"]})


class ClusterIdentity(ProviderResource, module="consul-on-pulumi", name="ClusterIdentity"):
    """The first size of a cluster, its ID, and its settings that must not change."""

    initial_servers: pulumi.Output[int]
    """How many servers the first update created."""
    cluster_id: pulumi.Output[str]
    """Identifies the objects of this cluster: no other cluster has the same ID."""

    def __init__(
        self,
        name: str,
        servers: int,
        fixed: Mapping[str, pulumi.Input[str]],
        location: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
        join: Sequence[pulumi.Input[str]] = (),
    ) -> None:
        """`servers` is the current size, only the first is recorded; `fixed` maps paths of settings to their values;
        `location` says where the data is (platforms/contract.py); `join` names servers of another cluster."""
        props: dict[str, Any] = {"servers": servers, "fixed": fixed, "location": location}
        if join:
            props["join"] = join
        created: list[object] = []
        nowhere: pulumi.Output[Connection] = pulumi.Output.from_input({})
        hook = before_create(name, lambda args, _: created.append(args), nowhere, in_previews=True)
        super().__init__(ClusterIdentityProvider(), name, props, pulumi.ResourceOptions.merge(opts, hook))
        self.is_new: pulumi.Output[bool] = self.urn.apply(lambda _: bool(created))
        """Whether this very run creates the cluster: the engine says so. A run that continues another one does not."""


def _is_known(props: Properties) -> bool:
    """Whether a preview knows where the data would be."""
    return all(isinstance(part, str) for part in props.get("location", {}).values())


def _has_data(props: Properties) -> bool:
    """Whether the cluster has data, as far as the platform shows: what it does not show counts as data."""
    location = props.get("location")
    if not location:
        # Of version 0.1.0.
        return True
    try:
        return bool(operations(location).data(location, connection_of(props)))
    except (RefusedError, UnreachableError):
        return True


def _phase(fixed: Mapping[str, str]) -> str:
    return next((value for path, value in fixed.items() if path.endswith(SECURITY)), adoption.OPEN)


def _phase_problems(before: Mapping[str, str], after: Mapping[str, str], news: Properties) -> Iterable[str]:
    """Agents show themselves how far they are: an update may have stopped in the middle."""
    path = next(path for path in (*after, *before) if path.endswith(SECURITY)).removesuffix(".enabled")
    location = news["location"]
    try:
        found = operations(location).phases(location, connection_of(news))
    except (RefusedError, UnreachableError) as error:
        return [
            f"{path}: cannot read which step of `adoption` the agents have reached, needed for this change: {error}"
        ]
    wanted = _phase(after)
    problems = list(adoption.problems(path, wanted, found or {"the cluster": _phase(before)}))
    if not problems:
        engine_log.warn(f"{path}: the cluster becomes {adoption.TOLD[wanted]}")
        connection = connection_of(news)
        servers = operations(location).agents(location, Role.SERVER, connection) if found else {}
        try:
            problems, warnings = joined.cut_off(path, wanted, found, list(servers.values()), connection)
        except UnreachableError as error:
            return [f"{path}: {error}"]
        for warning in warnings:
            engine_log.warn(warning)
    return problems


def _changed(path: str, before: str, after: str) -> str:
    fix = "Restore the old value"
    if path.endswith(".name"):
        # A tier alone has another word for it, but the same key in its state.
        path = "server.cluster" if path == "server.name" else path
        # The default contains the name of the stack, so who renames a stack never wrote this setting.
        fix = f"Set `{path.rpartition('.')[2]}: {before}`"
    return (
        f"{path}: expected {before!r} as when the cluster was created, got {after!r}: the servers would lose their "
        f"data or each other. {fix}, or destroy this cluster first"
    )


def _platforms(paths: Iterable[str]) -> list[str]:
    return sorted({found.group() for path in paths if (found := _PLATFORM.match(path))})

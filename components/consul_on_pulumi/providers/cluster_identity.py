"""ClusterIdentity: remembers what a cluster was born with, and refuses what no living cluster survives."""

import re
import secrets
from collections.abc import Iterable, Mapping

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult

from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

_BACKEND = re.compile(r"(?:.*\.)?platform\.\w+(?=\.)")
"""The start of a path that names the backend: each fixes settings of its own, so what is noted tells which it was."""


class ClusterIdentityProvider(ConsulProvider):
    """Keeps the first size and the first settings it is given. Touches nothing outside the state."""

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        """Refuse, in the preview already, another backend and another value for what is fixed at birth."""
        before = _olds.get("fixed", {})
        failures = [
            CheckFailure(
                path,
                f"{path}: expected {before[path]!r} as when the cluster was made, got {value!r}, which would part the "
                "servers from their data or from each other: put it back, or destroy this cluster first",
            )
            for path, value in news.get("fixed", {}).items()
            if path in before and before[path] != value
        ]
        born, wanted = _backends(before), _backends(news.get("fixed", {}))
        if born and wanted and born != wanted:
            failures += [
                CheckFailure(
                    path,
                    f"{path}: expected {' and '.join(born)} as when the cluster was made, another backend is another "
                    "cluster with no data of this one: put it back, or take a snapshot and destroy this cluster first",
                )
                for path in wanted
            ]
        return CheckResult(news, failures)

    def create(self, props: Properties) -> CreateResult:
        """Note the size and the settings, and draw a mark."""
        return CreateResult("birth", {**props, "initial_servers": props["servers"], "cluster_id": secrets.token_hex(8)})

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """No later size is a change."""
        return DiffResult(changes=False)


class ClusterIdentity(ProviderResource, module="consul-on-pulumi", name="ClusterIdentity"):
    """The size a cluster was born with, which scaling does not change, and the settings that nothing may change."""

    initial_servers: pulumi.Output[int]
    """How many servers the first update made."""
    cluster_id: pulumi.Output[str]
    """A word that no other cluster has, so that what carries it is known to be of this one."""

    def __init__(
        self, name: str, servers: int, fixed: Mapping[str, str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`servers` is the present size, of which only the first counts; `fixed` maps a setting's path to its value."""
        props = {"servers": servers, "fixed": fixed}
        super().__init__(ClusterIdentityProvider(), name, props, opts, outputs=("initial_servers", "cluster_id"))


def _backends(paths: Iterable[str]) -> list[str]:
    return sorted({found.group() for path in paths if (found := _BACKEND.match(path))})

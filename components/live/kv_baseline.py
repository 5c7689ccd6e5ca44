"""KvBaseline: notes, before a set of keys is first written, how far the store had come.

A run that is killed in the middle of a seeding leaves keys that no state knows. What came after the noted index and
holds what is wanted is of such a run; what was there before belongs to somebody else.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.live import credentials
from components.live.api import Consul
from components.live.kv_store import beginnings

REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""

Properties = dict[str, Any]
"""`addresses`, `prefixes`, `keys` (a digest of their names) and `revision` as inputs; those and `index` as outputs."""


class KvBaselineProvider(ResourceProvider):
    """Asks for the index again when other keys are wanted. Touches nothing."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the token of the stack's configuration."""
        credentials.configure(req)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Only another set of keys is a change."""
        return DiffResult(changes=any(olds.get(key) != news.get(key) for key in ("keys", "revision")))

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then ask."""
        return CreateResult("baseline", _noted(props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Ask again."""
        return UpdateResult(_noted(news))


class KvBaseline(Resource, module="consul-on-pulumi", name="KvBaseline"):
    """How far the store had come before one set of keys was first written."""

    index: pulumi.Output[int]
    """A Raft index: a key with a greater CreateIndex came later."""

    def __init__(
        self,
        name: str,
        addresses: pulumi.Input[Sequence[pulumi.Input[str]]],
        keys: Iterable[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`addresses` are base URLs of the HTTP API; `keys` are all keys of the set."""
        wanted = sorted(keys)
        props = {
            "addresses": addresses,
            "prefixes": beginnings(wanted),
            "keys": sha256("\n".join(wanted).encode()).hexdigest(),
            "revision": REVISION,
            "index": None,
        }
        super().__init__(KvBaselineProvider(), name, props, opts)


def _noted(props: Properties) -> Properties:
    consul = Consul(props["addresses"], patience=120)
    consul.leader()
    return {**props, "index": max(consul.index_below(prefix) for prefix in props["prefixes"])}

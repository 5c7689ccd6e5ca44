"""KvBaseline: notes, before a set of keys is first written, how far the store had come.

A run that is killed in the middle of a seeding leaves keys that no state knows. What came after the noted index and
holds what is wanted is of such a run; what was there before belongs to somebody else.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.consul.api import Consul
from consul_on_pulumi.consul.kv_store import beginnings
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class KvBaselineProvider(ConsulProvider):
    """Asks for the index again when other keys are wanted. Touches nothing."""

    compared = ("keys",)

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then ask."""
        return CreateResult("baseline", _noted(props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Ask again."""
        return UpdateResult(_noted(news))


class KvBaseline(ProviderResource, module="consul-on-pulumi", name="KvBaseline"):
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
        }
        super().__init__(KvBaselineProvider(), name, props, opts, outputs=("index",))


def _noted(props: Properties) -> Properties:
    consul = Consul(props["addresses"], timeout=120)
    consul.leader()
    return {**props, "index": max(consul.index_below(prefix) for prefix in props["prefixes"])}

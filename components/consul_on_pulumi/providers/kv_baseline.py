"""KvBaseline: records the Raft index of the KV store before the keys of a set are first written.

A run that is interrupted while it writes leaves keys that no state knows. A key that was created after the recorded
index and has the wanted value comes from such a run; an older key belongs to another program.
"""

from collections.abc import Iterable
from hashlib import sha256

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.kv_store import common_prefixes
from consul_on_pulumi.providers.provider import Addresses, ConsulProvider, Properties, ProviderResource


class KvBaselineProvider(ConsulProvider):
    """Reads the index again when the set has other keys. It changes nothing in Consul."""

    token = "seeds"

    compared = ("keys",)

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then read the index."""
        consul = self.consul_with_leader(props)
        index = max(consul.index_below(prefix) for prefix in props["prefixes"])
        return CreateResult("baseline", {**props, "index": index})


class KvBaseline(ProviderResource, module="consul-on-pulumi", name="KvBaseline"):
    """The Raft index of the store before the keys of one set were first written."""

    index: pulumi.Output[int]
    """A key with a greater CreateIndex was created later."""

    def __init__(
        self,
        name: str,
        addresses: Addresses,
        keys: Iterable[str],
        opts: pulumi.ResourceOptions,
        store: pulumi.Input[str] | None = None,
    ) -> None:
        """`keys` are all keys of the set; `store` identifies the servers' data, as in `other_store`."""
        wanted = sorted(keys)
        props = {
            "addresses": addresses,
            "prefixes": common_prefixes(wanted),
            "keys": sha256("\n".join(wanted).encode()).hexdigest(),
            "store": store,
        }
        super().__init__(KvBaselineProvider(), name, props, opts)

"""What a whole cluster is described by."""

from typing import Any, NotRequired, TypedDict

import pulumi

from consul_on_pulumi.platforms.choose import PlatformArgs
from consul_on_pulumi.seeds.sets import SeedSetArgs


class ConsulClusterArgs(TypedDict):
    """A whole cluster. A stack file spells these args in YAML, under `cluster`."""

    platform: PlatformArgs
    """Where the cluster runs: exactly one backend. Another backend is another cluster, which shares no data with the
    first: refused on a living cluster, so take a snapshot, destroy it, and restore the snapshot after."""
    name: NotRequired[str]
    """Prefix of every physical name. Default: `<component>-<stack>`, so that two stacks never meet. Refused on a living
    cluster."""
    datacenter: NotRequired[str]
    """The Consul datacenter. Refused on a living cluster."""
    servers: NotRequired[int]
    """How many servers. 3 tolerate the loss of one, 5 of two. More of them join; of fewer, those with the highest
    ordinals leave Raft one by one, and then their data is deleted, also with `retain_data`."""
    clients: NotRequired[int]
    """How many clients. On Kubernetes with a `DaemonSet` 1 means one on each node, and more are refused. A change
    touches no other agent."""
    image: NotRequired[str]
    """The Consul image, by exact version or digest. Another one rolls the servers one by one, then the clients."""
    agent_config: NotRequired[dict[str, Any]]
    """Agent configuration keys of Consul for every agent, merged over the defaults. A change rolls every agent."""
    server_config: NotRequired[dict[str, Any]]
    """The same for servers alone, merged over `agent_config`. A change rolls the servers."""
    client_config: NotRequired[dict[str, Any]]
    """The same for clients alone; `ui_config: {enabled: true}` gives each client a UI. A change rolls the clients."""
    agent_secrets: NotRequired[dict[str, pulumi.Input[str]]]
    """Secret files by name, encrypted wherever Pulumi keeps them. Every agent finds them in `/consul/secrets`: those
    that end in `.json` or `.hcl` it reads as configuration, any other (a key, a certificate) `agent_config` can name by
    its path. A stack file gives them beside `cluster`. A change rolls every agent."""
    seeds: NotRequired[dict[str, Any]]
    """KV entries as a tree: `{a: {b: 1}}` seeds `a/b` with `1`. A key that exists already is refused, or taken over
    where `retain_data` is set and it holds the same value. A change writes the keys that differ and touches no agent."""
    seed_sets: NotRequired[dict[str, SeedSetArgs]]
    """More KV entries, by the name of the set: from files, with secret values, or with rules of their own. Another name
    is another set."""

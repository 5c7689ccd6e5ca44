"""What a whole cluster is described by."""

from typing import Any, NotRequired, TypedDict

from components.placement.choose import PlacementArgs
from components.seed_sets import SeedSetArgs


class ConsulClusterArgs(TypedDict):
    """A whole cluster. A stack file spells these args in YAML, under `cluster`."""

    placement: PlacementArgs
    """Where the cluster runs."""
    name: NotRequired[str]
    """Prefix of every physical name. Default: `<component>-<stack>`, so that two stacks never meet."""
    datacenter: NotRequired[str]
    """The Consul datacenter. Default dc1."""
    servers: NotRequired[int]
    """How many servers: an odd number from 1 to 7. Default 3, which tolerates the loss of one."""
    clients: NotRequired[int]
    """How many clients. Default 0."""
    image: NotRequired[str]
    """The Consul image, by exact version or digest."""
    agent_config: NotRequired[dict[str, Any]]
    """Agent configuration keys of Consul for every agent, merged over the defaults."""
    server_config: NotRequired[dict[str, Any]]
    """The same for servers alone, merged over `agent_config`."""
    client_config: NotRequired[dict[str, Any]]
    """The same for clients alone; `ui_config: {enabled: true}` gives each client a UI."""
    seeds: NotRequired[dict[str, Any]]
    """KV entries as a tree: `{a: {b: 1}}` seeds `a/b` with `1`. A key that exists already is refused."""
    seed_sets: NotRequired[dict[str, SeedSetArgs]]
    """More KV entries, by the name of the set: from files, with secret values, or with rules of their own."""

"""Who may do what in a cluster with ACLs: the rules of each policy, in Consul's own language."""

from collections.abc import Iterable

from consul_on_pulumi.consul.kv_store import MAX_PREFIXES
from consul_on_pulumi.model import naming
from consul_on_pulumi.model.closed import AGENTS, DNS, READERS

GATES = "gates"
"""The program, where it watches the servers and lets them change."""
SEEDS = "seeds"
"""The program, where it writes KV entries."""

_READ = """\
agent_prefix "" { policy = "read" }
key_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
operator = "read"
query_prefix "" { policy = "read" }
service_prefix "" { policy = "read" }
session_prefix "" { policy = "read" }
"""
_GATES = """\
agent_prefix "" { policy = "write" }
node_prefix "" { policy = "read" }
operator = "write"
"""
_DNS = """\
node_prefix "" { policy = "read" }
query_prefix "" { policy = "read" }
service_prefix "" { policy = "read" }
"""


TOKENS = ["management", *AGENTS.values(), DNS, GATES, READERS, SEEDS]
"""The names of all tokens: each has the policy of its name, and the first may do everything."""


def prefixes(keys: Iterable[str]) -> list[str]:
    """What covers these keys: the first part of each with its slash, or the key itself if it has only one."""
    return sorted({f"{key.partition('/')[0]}/" if "/" in key else key for key in keys})


def policies(cluster: str, seeds: Iterable[str]) -> dict[str, str]:
    """The rules by the name of a policy, for the cluster with this name and `seeds` with these `prefixes`."""
    own = {
        name: f'node_prefix "{naming.tier(cluster, role)}-" {{ policy = "write" }}\n'
        'service_prefix "" { policy = "read" }\n'
        for role, name in AGENTS.items()
    }
    return {**own, DNS: _DNS, GATES: _GATES, READERS: _READ, SEEDS: _seeds(sorted(seeds))}


def _seeds(first: list[str]) -> str:
    rules = [f'{"key_prefix" if one.endswith("/") else "key"} {_quoted(one)} {{ policy = "write" }}' for one in first]
    # With more of them the program reads the whole store at once.
    whole = ['key_prefix "" { policy = "read" }'] if len(first) > MAX_PREFIXES else []
    return "\n".join([*whole, *rules]) + "\n"


def _quoted(key: str) -> str:
    # To Consul's language, "${" begins an expression.
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\u0024") + '"'

"""The rules of a cluster's settings. Rules of one platform are beside its own settings."""

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import MAX_SERVERS
from consul_on_pulumi.schema.definition import Rule
from consul_on_pulumi.schema.rules import matching

SERVERS = Rule(
    expected=f"an odd number from 1 to {MAX_SERVERS}",
    accepts=lambda value: value % 2 == 1 and 1 <= value <= MAX_SERVERS,
    schema={"enum": list(range(1, MAX_SERVERS + 1, 2))},
)
CLUSTER_NAME = matching(
    "[a-z]([a-z0-9-]*[a-z0-9])?",
    f"lower-case letters, digits and inner hyphens, a letter first, at most {naming.MAX_CLUSTER} characters",
    naming.MAX_CLUSTER,
)
DATACENTER = matching("[a-z0-9_-]+", "lower-case letters, digits, hyphens and underscores", 255)
"""Consul docs, agent configuration, `datacenter`."""


def _is_exact(image: str) -> bool:
    name, _, tag = image.rpartition("/")[2].partition(":")
    return "@sha256:" in image or bool(name and tag and tag != "latest")


IMAGE = Rule(
    expected="an exact version or a digest such as hashicorp/consul:1.20.6",
    accepts=_is_exact,
    schema={"pattern": "(:[^/]+|@sha256:[0-9a-f]{64})$", "not": {"pattern": ":latest$"}},
)
"""With any other image two runs might create two different clusters."""

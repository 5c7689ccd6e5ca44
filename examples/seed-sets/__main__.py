"""KV entries from files, with a rule for each set."""

from pathlib import Path

import pulumi
from consul_on_pulumi import ConsulCluster

TEAMS = sorted(path.name for path in Path("teams").iterdir())

cluster = ConsulCluster(
    "seeds-example",
    {
        "servers": 3,
        # Everyone who reaches a server may read the entries, without a token.
        "security": {"anonymous": "read"},
        "seed_sets": {
            # One set for each team: every file below its folder is a key.
            **{team: {"prefix": f"teams/{team}/", "folder": f"teams/{team}"} for team in TEAMS},
            # Every leaf of the YAML document is a key: features/checkout/enabled.
            "features": {"prefix": "features/", "files": {"": "features.yaml"}, "expand": True},
            # Written by `consul kv export`. Keys that exist with the same value are adopted.
            "imported": {"export": "export.json", "on_conflict": "adopt"},
            # Written once. Later edits belong to the applications.
            "defaults": {"prefix": "defaults/", "entries": {"page-size": 20, "theme": "light"}, "keep_edits": True},
            # These keys stay in the store when the set is removed from the program.
            "audit": {"prefix": "audit/", "entries": {"retention-days": 365}, "retain": True},
        },
        "platform": {"docker": {"subnet": "172.30.5.0/24"}},
    },
)

pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("ui_urls", cluster.ui_urls)

"""A gossip key and secret KV entries, encrypted in the stack file and in the state."""

import pulumi
from consul_on_pulumi import ConsulCluster

config = pulumi.Config()

cluster = ConsulCluster(
    "secrets-example",
    {
        "servers": 3,
        "clients": 1,
        # The key below is all that protects this cluster. By default the program generates a key, and much more.
        "security": {"enabled": False},
        # Agents read this file as configuration. It is never part of a container's command or environment.
        "agent_secrets": {"gossip.json": pulumi.Output.json_dumps({"encrypt": config.require_secret("gossipKey")})},
        "seed_sets": {
            "database": {
                "prefix": "database/",
                "entries": {"host": "db.example.com", "user": "shop"},
                "secrets": {"password": config.require_secret("databasePassword")},
            }
        },
        "platform": {"docker": {"subnet": "172.30.4.0/24"}},
    },
)

pulumi.export("http_addresses", cluster.http_addresses)

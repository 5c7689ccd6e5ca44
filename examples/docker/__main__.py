"""Three Consul servers and one client on a Docker engine."""

import pulumi
from consul_on_pulumi import ConsulCluster

cluster = ConsulCluster(
    "docker-example",
    {
        "datacenter": "dev",
        "servers": 3,
        "clients": 1,
        "agent_config": {"log_level": "WARN"},
        "client_config": {"ui_config": {"enabled": True}},
        "seeds": {"app": {"name": "web", "replicas": 3}},
        "platform": {"docker": {"subnet": "172.30.1.0/24"}},
    },
)

pulumi.export("ui_urls", cluster.ui_urls)
pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("dns_addresses", cluster.dns_addresses)
pulumi.export("leader_address", cluster.leader_address)
pulumi.export("management_token", cluster.management_token)
pulumi.export("authority", cluster.authority)

"""Three Consul servers and one client on Kubernetes, in a namespace of their own."""

import pulumi
from consul_on_pulumi import ConsulCluster

cluster = ConsulCluster(
    "kubernetes-example",
    {
        "servers": 3,
        "clients": 1,
        "seeds": {"app": {"name": "web", "replicas": 3}},
        "platform": {
            "kubernetes": {
                "storage": {"size": "1Gi"},
                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
                "labels": {"team": "shop"},
            }
        },
    },
)

pulumi.export("ui_urls", cluster.ui_urls)
pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("dns_addresses", cluster.dns_addresses)
pulumi.export("leader_address", cluster.leader_address)
pulumi.export("management_token", cluster.management_token)
pulumi.export("authority", cluster.authority)
